// class: result
// tries: to answer with a list of a billion holes
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_CRASHED HS_FUNCTION_NO_REPLY
// kills: may

export default {
  async message(msg, env, ctx) {
    return new Array(1_000_000_000);
  },
};
