// class: escape
// tries: to be handed internals by species and subclasses
// expects: ok HS_GUEST_TAMPERED HS_FUNCTION_THREW
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const caught = [];
    class Spy extends Promise {
      constructor(run) {
        super((resolve, reject) => run((value) => (caught.push(value), resolve(value)), reject));
      }
      static get [Symbol.species]() {
        return Spy;
      }
    }
    Object.defineProperty(Promise, Symbol.species, { get: () => Spy });
    Object.defineProperty(Promise.prototype, 'constructor', { get: () => Spy });
    Object.defineProperty(Uint8Array, Symbol.species, {
      value: function Odd() {
        return new Proxy([], {});
      },
    });
    await env.KV.get('k').catch(() => {});
    try {
      msg.data.slice(0);
    } catch {}
    for (const value of caught)
      if (typeof value === 'object' && value !== null && 'resolve' in value)
        return 'it saw the table of calls';
    return 'contained';
  },
};
