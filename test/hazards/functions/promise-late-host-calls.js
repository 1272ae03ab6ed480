// class: promise
// tries: to make host calls after its answer, until its end
// expects: ok
// kills: no
// limits: timeout=1s
// calls: 3
// binds: kv

export default {
  async message(msg, env, ctx) {
    ctx.waitUntil(
      (async () => {
        for (;;) await env.KV.get('k').catch(() => new Promise((resolve) => setTimeout(resolve, 1)));
      })(),
    );
    return 'contained';
  },
};
