// class: promise
// tries: to settle twice, late and by throwing, by thenables
// expects: ok HS_FUNCTION_THREW HS_FUNCTION_TIMEOUT
// kills: no
// limits: timeout=1s
// calls: 6

export default {
  async message(msg, env, ctx) {
    const results = [
      { then: (resolve) => (resolve('contained'), resolve('again'), setTimeout(() => resolve('late'), 5)) },
      { then: (_resolve, reject) => (reject(new Error('no')), reject(new Error('again'))) },
      {
        then: () => {
          throw new Error('thrown');
        },
      },
      {
        get then() {
          throw new Error('getter');
        },
      },
      new Proxy(Promise.resolve('contained'), {}),
      { then: (resolve) => resolve({ then: (second) => second('contained') }) },
    ];
    return results[msg.text()];
  },
};
