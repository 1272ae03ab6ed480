// class: cpu
// tries: to hold the thread with microtasks that never run dry
// expects: HS_FUNCTION_CPU
// kills: no

export default {
  async message(msg, env, ctx) {
    for (;;) await null;
  },
};
