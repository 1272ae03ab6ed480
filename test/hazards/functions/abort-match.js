// class: abort
// tries: to abort the process by matches that V8 cannot hold
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_CRASHED
// kills: may

export default {
  async message(msg, env, ctx) {
    return 'x'.repeat(2 ** 28).match(/x/g).length;
  },
};
