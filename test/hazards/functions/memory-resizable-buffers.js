// class: memory
// tries: to hoard resizable buffers, which no heap limit counts from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    try {
      for (let index = 0; index < 4; index += 1) {
        const buffer = new ArrayBuffer(8, { maxByteLength: 2 ** 20 });
        kept.push(buffer);
        buffer.resize(2 ** 20);
        new Uint8Array(buffer).fill(1);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return 'contained';
  },
};
