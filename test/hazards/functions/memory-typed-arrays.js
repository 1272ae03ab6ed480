// class: memory
// tries: to hoard typed arrays from call to call
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY
// kills: may
// limits: memory=16MiB
// calls: 40

const kept = [];

export default {
  async message(msg, env, ctx) {
    try {
      for (let index = 0; index < 2; index += 1) kept.push(new Uint8Array(2 ** 20).fill(1));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return 'contained';
  },
};
