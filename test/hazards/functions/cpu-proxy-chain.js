// class: cpu
// tries: to make one property read walk proxies for ever
// expects: HS_FUNCTION_CPU
// kills: no

export default {
  async message(msg, env, ctx) {
    const handler = {
      get: (target, key, receiver) => Reflect.get(new Proxy(target, handler), key, receiver),
    };
    for (;;) {
      try {
        new Proxy({}, handler).anything;
      } catch {}
    }
  },
};
