// class: escape
// tries: to escape or to hold the thread by what is disposed of
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_THREW
// kills: no
// calls: 2

export default {
  async message(msg, env, ctx) {
    const stack = new DisposableStack();
    for (let index = 0; index < 20_000; index += 1)
      stack.defer(() => {
        throw new Error(String(index));
      });
    let thrown;
    try {
      stack.dispose();
    } catch (error) {
      thrown = error;
    }
    if (!(thrown instanceof SuppressedError)) return 'what was thrown is not suppressed';
    const late = new AsyncDisposableStack();
    late.defer(() => ({ then: (resolve) => resolve(globalThis.process) }));
    late.adopt({}, async () => {
      throw thrown;
    });
    await late.disposeAsync().catch(() => {});
    throw thrown;
  },
};
