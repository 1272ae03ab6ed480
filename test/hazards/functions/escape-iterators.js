// class: escape
// tries: to be called back by the runtime through patched iterators
// expects: ok HS_GUEST_TAMPERED HS_FUNCTION_CPU
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const seen = [];
    const spy = (name, iterator) =>
      function () {
        seen.push(name, this);
        return iterator.call(this);
      };
    for (const type of [Array, Map, Set, String]) {
      type.prototype[Symbol.iterator] = spy(type.name, type.prototype[Symbol.iterator]);
    }
    await env.KV.get('k').catch(() => {});
    for (const value of seen)
      if (value instanceof Map && value.size > 0) return 'it saw a map of the runtime';
    return 'contained';
  },
};
