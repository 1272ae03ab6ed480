// class: escape
// tries: to take an object of the host out of the errors of a host call
// expects: ok
// kills: no
// binds: kv

export default {
  async message(msg, env, ctx) {
    const odd = [
      Symbol('s'),
      5n,
      () => {},
      new Proxy({}, {}),
      Object.create(null),
      [[]],
      { toString: null },
      'x'.repeat(10_000),
      '>',
      '',
    ];
    for (const value of odd) {
      try {
        await env.KV.get(value);
      } catch (error) {
        for (let at = error; at != null; at = at.cause) {
          if (!(at instanceof Error)) return 'an error of another realm';
          if (/node_modules|file:|\/src\/|node:/.test(`${at.stack} ${at.message}`))
            return `it shows ${at.stack}`;
        }
      }
    }
    return 'contained';
  },
};
