// class: abort
// tries: to overflow the native stack with arguments, bound functions and nested patterns
// expects: ok
// kills: no
// limits: cpu=500ms

export default {
  async message(msg, env, ctx) {
    const tries = [
      () => Math.max(...new Array(5_000_000)),
      () => Function.prototype.apply.call(Math.max, null, { length: 2 ** 31 }),
      () => new RegExp('('.repeat(100_000) + ')'.repeat(100_000)).test('x'),
      () => JSON.parse('['.repeat(1_000_000)),
      () => {
        let bound = () => 1;
        for (let depth = 0; depth < 20_000; depth += 1) bound = bound.bind(null);
        return bound();
      },
      () => (0, eval)(`${'('.repeat(20_000)}1${')'.repeat(20_000)}`),
    ];
    for (const attempt of tries) {
      try {
        attempt();
      } catch (error) {
        if (!(error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError))
          throw error;
      }
    }
    return 'contained';
  },
};
