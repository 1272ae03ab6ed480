/** What no call expects as an argument, for hazards that confuse the host by it. */
const odd = [
  undefined,
  null,
  Number.NaN,
  -1,
  2 ** 53,
  Number.POSITIVE_INFINITY,
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

/** Clears its timer: those of a thousand quick rounds would be more than an instance may have armed. */
async function within(ms, work) {
  let timer = 0;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([late, work]);
  clearTimeout(timer);
}

/**
 * Calls each of these methods with every pair of odd arguments, and waits a moment for what comes of them.
 * Returns what a hazard answers with.
 */
export async function confuse(target, methods) {
  for (const method of methods) {
    if (typeof target[method] !== 'function') return `there is no ${method}`;
    for (const one of odd)
      await within(
        5,
        Promise.all(
          odd.map((two) =>
            settled(() => target[method](one, two, { timeoutMs: 10, signal: one, headers: two })),
          ),
        ),
      );
  }
  return 'contained';
}
