// class: cpu
// tries: to hold the thread with a plain loop
// expects: HS_FUNCTION_CPU
// kills: no

export default {
  async message(msg, env, ctx) {
    for (;;) {}
  },
};
