// class: result
// tries: to answer with a text beyond every limit
// expects: HS_REPLY_TOO_LARGE HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_CRASHED HS_FUNCTION_NO_REPLY
// kills: may

export default {
  async message(msg, env, ctx) {
    return 'x'.repeat(2 ** 27);
  },
};
