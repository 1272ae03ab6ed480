// class: cpu
// tries: to hold the thread with a pattern that backtracks exponentially
// expects: HS_FUNCTION_CPU
// kills: no

export default {
  async message(msg, env, ctx) {
    return /^(a+)+$/.test(`${'a'.repeat(60)}b`);
  },
};
