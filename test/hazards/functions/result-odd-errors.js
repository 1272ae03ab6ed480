// class: result
// tries: to throw what is no error
// expects: HS_FUNCTION_THREW HS_GUEST_TAMPERED
// kills: no
// calls: 7

export default {
  async message(msg, env, ctx) {
    const odd = [
      Object.create(null),
      new Proxy(
        {},
        {
          get() {
            throw 1;
          },
          getPrototypeOf() {
            throw 2;
          },
          has() {
            throw 3;
          },
        },
      ),
      Symbol('s'),
      () => {},
      undefined,
      Object.assign(new Error('x'), {
        message: {
          toString() {
            throw 1;
          },
        },
        stack: 5,
        name: Symbol('n'),
      }),
      new AggregateError([new Error('a'), new Proxy({}, {})], 'many'),
    ];
    throw odd[msg.text()];
  },
};
