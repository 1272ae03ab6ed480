// class: cpu
// tries: to catch its own end in a finally block that goes on
// expects: HS_FUNCTION_CPU
// kills: no

export default {
  async message(msg, env, ctx) {
    for (;;) {
      try {
        for (;;) {}
      } finally {
        continue;
      }
    }
  },
};
