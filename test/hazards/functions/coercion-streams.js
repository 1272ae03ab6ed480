// class: coercion
// tries: to confuse streams by arguments that are none
// expects: ok
// kills: no
// limits: timeout=20s cpu=1s

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
    const target = {
      readable: (...args) => new ReadableStream(...args).getReader().closed,
      writable: (...args) => new WritableStream(...args).getWriter().write(args[0]),
      transform: (...args) => new TransformStream(...args).readable.cancel(args[0]),
      clone: structuredClone,
      url: (...args) => new URL(...args),
      pattern: (...args) => new URLPattern(...args),
      blob: (...args) => new Blob(...args).text(),
      request: (...args) => new Request(...args).text(),
      response: (...args) => new Response(...args).json(),
      decode: (...args) => new TextDecoder(...args).decode(args[1]),
    };
    for (const method of Object.keys(target)) {
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
