// class: coercion
// tries: to answer with views over detached, resized and lying buffers
// expects: ok HS_FUNCTION_NO_REPLY HS_FUNCTION_THREW
// kills: no
// calls: 6
// binds: kv

export default {
  async message(msg, env, ctx) {
    const detached = new Uint8Array(8);
    detached.buffer.transfer();
    const resized = new ArrayBuffer(64, { maxByteLength: 128 });
    const view = new Uint8Array(resized, 32);
    resized.resize(16);
    const lying = new Uint8Array(4);
    Object.defineProperty(lying, 'length', { value: 2 ** 31 });
    Object.defineProperty(lying, 'byteLength', { value: 2 ** 31 });
    Object.defineProperty(lying, 'buffer', { value: { slice: () => 'x' } });
    const fake = Object.create(Uint8Array.prototype);
    const bodies = [
      detached,
      view,
      lying,
      fake,
      new DataView(new ArrayBuffer(4)),
      new Proxy(new Uint8Array(4), {}),
    ];
    try {
      await env.KV.put('allowed', bodies[msg.text()]);
    } catch (error) {
      if (!(error instanceof Error)) return 'an error of another realm';
    }
    return new Reply(`contained${bodies.length}`);
  },
};
