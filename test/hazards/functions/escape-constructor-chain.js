// class: escape
// tries: to reach the host by the constructors of all that it is given
// expects: ok
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const roots = [
      msg,
      env,
      ctx,
      env.KV,
      env.KV.get,
      msg.headers,
      console,
      console.log,
      setTimeout,
      Reply,
      HostError,
      this,
    ];
    const promise = env.KV.get('k');
    roots.push(
      promise,
      promise.then,
      await promise.catch((error) => error),
      new TextEncoder(),
      msg.data.buffer,
    );
    for (const root of roots) {
      for (let made = root, depth = 0; depth < 6 && made != null; depth += 1) {
        made = made.constructor;
        if (typeof made !== 'function') break;
        const maker = made.constructor;
        try {
          const found = maker('return typeof process + typeof require + (this === globalThis)')();
          if (typeof found === 'string' && found.startsWith('object')) return `escaped by ${String(root)}`;
        } catch {}
      }
    }
    return 'contained';
  },
};
