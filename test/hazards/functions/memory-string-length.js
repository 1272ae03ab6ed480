// class: memory
// tries: to make strings as long as V8 lets them be
// expects: ok HS_FUNCTION_CPU HS_FUNCTION_MEMORY HS_FUNCTION_CRASHED
// kills: may
// calls: 3

export default {
  async message(msg, env, ctx) {
    const kept = [];
    try {
      for (;;) kept.push('ab'.repeat(2 ** 27).toUpperCase());
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return 'contained';
  },
};
