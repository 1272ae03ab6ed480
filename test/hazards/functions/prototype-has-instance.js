// class: prototype
// tries: to lie about what is an error, bytes or a reply
// expects: ok HS_GUEST_TAMPERED HS_FUNCTION_THREW HS_FUNCTION_NO_REPLY HS_FUNCTION_CPU HS_FUNCTION_TIMEOUT
// kills: no
// calls: 2

export default {
  async message(msg, env, ctx) {
    for (const type of [Error, Uint8Array, ArrayBuffer, Reply, HostError, Promise]) {
      Object.defineProperty(type, Symbol.hasInstance, { configurable: true, value: () => true });
    }
    if (msg.text() === '1') throw { name: {}, message: {} };
    return 'contained';
  },
};
