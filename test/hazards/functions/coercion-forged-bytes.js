// class: coercion
// tries: to hand the host a body larger than any by bytes that are none and lie about their length
// expects: HS_FUNCTION_NO_REPLY HS_FUNCTION_MEMORY HS_FUNCTION_CPU
// kills: no
// limits: memory=256MiB cpu=5s timeout=10s
// calls: 4

const buffer = new ArrayBuffer(100 * 2 ** 20);

export default {
  message: () =>
    Object.create(Uint8Array.prototype, {
      length: { value: 2_000 },
      byteOffset: { value: 0 },
      byteLength: { value: buffer.byteLength },
      buffer: { value: buffer },
    }),
};
