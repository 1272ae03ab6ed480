// class: coercion
// tries: to give headers that are getters, proxies and numbers
// expects: ok HS_FUNCTION_NO_REPLY
// kills: no
// calls: 6

export default {
  async message(msg, env, ctx) {
    const headers = [
      new Proxy(
        {},
        {
          ownKeys: () => ['a', 'b'],
          getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
          get: () => [{ toString: () => 'x' }],
        },
      ),
      {
        get a() {
          throw new Error('no');
        },
      },
      { a: [Symbol('s')] },
      { a: { toString: () => ({}) } },
      { a: Object.assign(['x'], { length: 5 }), b: 5 },
      null,
    ];
    return new Reply('contained', { headers: headers[msg.text()] });
  },
};
