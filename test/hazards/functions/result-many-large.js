// class: result
// tries: to answer many calls at once with what just passes for one
// expects: ok HS_REPLY_TOO_LARGE HS_FUNCTION_MEMORY HS_FUNCTION_CPU HS_FUNCTION_THREW
// kills: no
// calls: 40

export default {
  async message(msg, env, ctx) {
    return 'contained'.padEnd(900_000, '.');
  },
};
