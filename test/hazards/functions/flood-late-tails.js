// class: flood
// tries: to tell the host millions of times that an invocation has ended, by a context that it has kept
// expects: ok HS_FUNCTION_CPU
// kills: no
// limits: cpu=2s
// calls: 4

let kept;

export default {
  async message(msg, env, ctx) {
    kept ??= ctx;
    if (kept === ctx) return 'contained';
    for (const until = Date.now() + 1_000; Date.now() < until; await null) kept.waitUntil(0);
    return 'contained';
  },
};
