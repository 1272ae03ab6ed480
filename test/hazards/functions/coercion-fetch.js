// class: coercion
// tries: to confuse requests by arguments that are none
// expects: ok
// kills: no
// limits: timeout=20s cpu=1s
// binds: http

const odd = [
  undefined,
  null,
  Number.NaN,
  -1,
  2 ** 53,
  1e309,
  '',
  '\0',
  '>',
  '$SYS.x',
  '../x',
  '\ud800',
  'x'.repeat(2 ** 12),
  {},
  [],
  [[]],
  Symbol('x'),
  1n,
  () => 1,
  new Date(Number.NaN),
  new Uint8Array(0),
  { length: 2 ** 32 },
  {
    toString: () => {
      throw 1;
    },
  },
  new Proxy(
    {},
    {
      get: () => {
        throw 1;
      },
    },
  ),
  Object.create(null),
];

/** Whatever comes of a call; some have nothing to come. */
async function settled(call) {
  try {
    await call();
  } catch {}
}

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export default {
  async message(msg, env, ctx) {
    const target = env.WEB;
    for (const method of ['fetch']) {
      if (typeof target[method] !== 'function') return `there is no ${method}`;
      for (const one of odd)
        await Promise.race([
          later(5),
          Promise.all(
            odd.map((two) =>
              settled(() => target[method](one, two, { timeoutMs: 10, signal: one, headers: two })),
            ),
          ),
        ]);
    }
    return 'contained';
  },
};
