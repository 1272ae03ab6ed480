// class: cpu
// tries: to stop the clock of its CPU limit by calling functions of the host that answer at once
// expects: HS_FUNCTION_CPU
// kills: no

export default {
  async message(msg, env, ctx) {
    for (;;) {
      try {
        performance.now();
        new URL('https://example.com/');
        crypto.getRandomValues(new Uint8Array(64));
      } catch {}
    }
  },
};
