// class: prototype
// tries: to delete and freeze everything that can be
// expects: ok HS_GUEST_TAMPERED HS_FUNCTION_THREW HS_FUNCTION_NO_REPLY HS_FUNCTION_CPU HS_FUNCTION_TIMEOUT
// kills: no
// calls: 2

export default {
  async message(msg, env, ctx) {
    for (const type of [Object, Function, Array, Promise, Map, String, Uint8Array]) {
      Object.freeze(type.prototype);
      Object.freeze(type);
    }
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      try {
        delete globalThis[name];
      } catch {}
    }
    return 'contained';
  },
};
