// class: memory
// tries: to hoard resizable buffers behind the back of whoever counts them, by transfer from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: no
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    try {
      for (let index = 0; index < 4; index += 1) {
        const first = new ArrayBuffer(2 ** 20, { maxByteLength: 2 ** 20 });
        const second = first.transfer(2 ** 20);
        new Uint8Array(second).fill(1);
        kept.push(second);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return 'contained';
  },
};
