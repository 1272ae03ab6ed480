// class: result
// tries: to answer with bytes beyond every limit
// expects: HS_REPLY_TOO_LARGE HS_FUNCTION_MEMORY HS_FUNCTION_CPU HS_FUNCTION_THREW HS_FUNCTION_NO_REPLY
// kills: no

export default {
  async message(msg, env, ctx) {
    return new Uint8Array(48 * 2 ** 20);
  },
};
