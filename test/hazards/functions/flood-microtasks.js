// class: flood
// tries: to queue microtasks until memory ends
// expects: HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no

export default {
  async message(msg, env, ctx) {
    for (;;) queueMicrotask(() => {});
  },
};
