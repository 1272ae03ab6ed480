// class: coercion
// tries: to give delays and actions that lie
// expects: ok HS_FUNCTION_THREW
// kills: no

export default {
  async message(msg, env, ctx) {
    const delays = [
      Number.NaN,
      -1,
      Infinity,
      2 ** 53,
      '5',
      { valueOf: () => 1e99 },
      null,
      5n,
      Symbol('s'),
      -0,
    ];
    for (const delay of delays) {
      try {
        clearTimeout(setTimeout(() => {}, delay));
        clearTimeout(delay);
      } catch (error) {
        if (!(error instanceof Error)) return 'an error of another realm';
      }
    }
    return 'contained';
  },
};
