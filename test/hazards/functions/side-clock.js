// class: side
// tries: to measure with a clock fine enough for a side channel
// expects: ok
// kills: no

export default {
  async message(msg, env, ctx) {
    const clock = typeof performance === 'undefined' ? Date : performance;
    const steps = new Set();
    for (let index = 0, last = clock.now(); index < 2_000 && steps.size < 20; index += 1) {
      const now = clock.now();
      if (now !== last) steps.add(now - last);
      last = now;
    }
    const least = Math.min(...steps);
    return steps.size === 0 || least >= 0.09 ? 'contained' : `steps of ${least} ms`;
  },
};
