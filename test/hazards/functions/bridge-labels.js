// class: bridge
// tries: to use bindings that it was not given
// expects: ok
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const forged = [];
    for (const name of ['OTHER', '__proto__', 'constructor', 'CRYPTO', 'crypto']) {
      const found = env[name];
      if (found !== undefined && typeof found?.get === 'function' && found !== env.KV) forged.push(name);
    }
    try {
      env.KV.get.call({ label: 'OTHER' }, 'k').catch(() => {});
      Reflect.construct(env.KV.get, ['k']);
    } catch (error) {
      if (!(error instanceof Error)) forged.push('error');
    }
    try {
      Object.defineProperty(env, 'OTHER', { value: env.KV });
      forged.push('env');
    } catch {}
    return forged.length === 0 ? 'contained' : forged;
  },
};
