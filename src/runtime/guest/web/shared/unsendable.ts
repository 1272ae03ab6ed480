/** A reply that the runtime fails to read, so that the caller hears of HS_FUNCTION_NO_REPLY with these words. */
export function unsendable(words: string): object {
  const reply = new runtime.Reply(undefined, { headers: {} });
  Object.defineProperty(reply, 'body', {
    get() {
      throw new TypeError(words);
    },
  });
  return reply;
}
