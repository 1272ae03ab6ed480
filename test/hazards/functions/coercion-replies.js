// class: coercion
// tries: to answer with lying bytes
// expects: ok HS_FUNCTION_NO_REPLY HS_REPLY_TOO_LARGE HS_GUEST_TAMPERED HS_FUNCTION_MEMORY
// kills: no
// calls: 4

export default {
  async message(msg, env, ctx) {
    const lying = new Uint8Array(9);
    lying.set([...'contained'].map((letter) => letter.charCodeAt(0)));
    const lies = [
      () => Object.defineProperty(lying, 'length', { value: 2 ** 31 }),
      () => Object.defineProperty(lying, 'byteLength', { value: -1 }),
      () => Object.defineProperty(lying, 'buffer', { value: new Proxy({}, {}) }),
      () => Object.defineProperty(lying, 'byteOffset', { value: 2 ** 40 }),
    ];
    lies[msg.text()]();
    return lying;
  },
};
