// class: bridge
// tries: to write beyond its grant
// expects: ok
// kills: no
// binds: kv=allowed

export default {
  async message(msg, env, ctx) {
    const tries = ['denied', 'allow', 'allowed2', 'deny.allowed'];
    for (const key of tries) {
      const got = await env.KV.put(key, 'v').catch((error) => error);
      if (got?.code !== 'HS_BINDING_DENIED') return `it wrote ${key}`;
    }
    return 'contained';
  },
};
