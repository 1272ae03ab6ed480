import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Answer,
  createTestFunction,
  handlerOf,
  moduleOf,
  type TestFunction,
  textOf,
} from '../support/functions.ts';
import { until } from '../support/turns.ts';

/** Long beside what a busy machine takes from a thread, short beside the time-out of a call. */
const CPU_MS = 100;

/** A function whose call "bad" runs `loop`, and whose other calls answer with their key. */
function looping(loop: string, options: { readonly sync?: boolean; readonly topLevel?: string } = {}) {
  const head = options.sync === true ? 'message' : 'async message';
  const code = moduleOf(
    `{ ${head}(msg, env, ctx) { if (msg.params.key === 'bad') { ${loop} } return msg.params.key; } }`,
    options.topLevel,
  );
  return createTestFunction(code, {
    limits: { cpuMs: CPU_MS, timeoutMs: 4_000 },
    host: async () => ({ value: null }),
  });
}

/** Sends a batch around one bad call: exactly that one fails with its CPU limit, all others are answered. */
async function expectOnlyTheGuiltyFails(probe: TestFunction): Promise<void> {
  const keys = [...Array(20).keys()].map((index) => (index === 7 ? 'bad' : `k${index}`));
  const answers = await Promise.all(keys.map((key) => probe.call({ subject: `probe.${key}` })));
  for (const [index, key] of keys.entries()) {
    const answer = answers[index];
    assert.ok(answer !== undefined);
    if (key === 'bad') assert.equal(answer.ok ? 'ok' : answer.error.code, 'HS_FUNCTION_CPU');
    else assert.equal(textOf(answer), key);
  }
  assert.equal(await probe.text({ subject: 'probe.after' }), 'after');
  assert.equal(probe.runner.inFlight, 0);
}

const CASES: Readonly<Record<string, string>> = {
  'in its first stretch': 'for (;;) {}',
  'after a microtask': 'await null; for (;;) {}',
  'after a host call': 'await env.HOST.get("k"); for (;;) {}',
  'in a timer': 'await new Promise((go) => setTimeout(() => { for (;;) {} }, 5));',
  'after a timer': 'await new Promise((go) => setTimeout(go, 5)); for (;;) {}',
  'in a chain of microtasks': 'const again = () => Promise.resolve().then(again); await again();',
  'in the then of a thenable': 'return { then() { for (;;) {} } };',
  'in a getter of its reply': 'return { get a() { for (;;) {} } };',
  'in the toString of a header': 'return new Reply("", { headers: { a: { toString() { for (;;) {} } } } });',
  'in the argument of a host call': 'await env.HOST.get({ toString() { for (;;) {} } });',
  'in the message of its error':
    'throw Object.defineProperty(new Error(), "message", { get() { for (;;) {} } });',
  'in a regular expression': '/^(a+)+$/.test("a".repeat(60) + "b");',
  'in a sort': 'const a = [1, 2, 3]; for (;;) a.sort(() => 1);',
  'in finally': 'try { for (;;) {} } finally { for (;;) {} }',
  'where it catches everything': 'for (;;) { try { for (;;) {} } catch {} }',
  'over functions of the host': 'for (;;) { try { performance.now(); } catch {} }',
};

for (const [where, loop] of Object.entries(CASES)) {
  test(`A call that loops ${where} fails alone, and the rest of its batch is answered`, async () => {
    using probe = looping(loop);
    await expectOnlyTheGuiltyFails(probe);
  });
}

test('A sync handler that loops fails alone, and what had not begun runs in a new instance', async () => {
  using probe = looping('for (;;) {}', { sync: true });
  await expectOnlyTheGuiltyFails(probe);
  assert.equal(probe.runner.stats().coldStarts, 2);
  const begun = probe.entries.flat().filter((subject) => subject === 'probe.k19');
  assert.ok(begun.length >= 1);
});

test('A neighbour that waits for the host while another call loops still gets its answer', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let asked = false;
  const body = `if (msg.params.key === 'bad') for (;;) {} return (await env.HOST.get('k'));`;
  using probe = createTestFunction(handlerOf(body), {
    limits: { cpuMs: CPU_MS, timeoutMs: 4_000 },
    host: async () => {
      asked = true;
      await held;
      return { value: [7, 0], data: Buffer.from('held') };
    },
  });
  const waiting = probe.text({ subject: 'probe.waits' });
  await until(() => asked);
  assert.equal(await probe.code({ subject: 'probe.bad' }), 'HS_FUNCTION_CPU');
  release();
  assert.match(await waiting, /"revision":7/);
  assert.equal(probe.runner.inFlight, 0);
});

test('A loop in what waitUntil keeps alive costs no answer, and its place is free at once', async () => {
  const body = `if (msg.params.key === 'tail') ctx.waitUntil((async () => { await env.HOST.get('k'); for (;;) {} })());
    return msg.params.key;`;
  using probe = createTestFunction(handlerOf(body), {
    limits: { cpuMs: CPU_MS, timeoutMs: 5_000, concurrency: 1 },
    host: async () => ({ value: null }),
  });
  assert.equal(await probe.text({ subject: 'probe.tail' }), 'tail');
  assert.equal(await probe.text({ subject: 'probe.next' }), 'next');
  assert.equal(probe.runner.inFlight, 0);
});

test('A timer that loops after its invocation has ended is blamed on no caller', async () => {
  const held: (() => void)[] = [];
  const body = `
    if (msg.params.key === 'held') await env.HOST.get('k');
    else setTimeout(() => { console.log('looping'); for (;;) {} }, 5);
    return 'answered';`;
  using probe = createTestFunction(handlerOf(body), {
    limits: { cpuMs: CPU_MS },
    host: () => new Promise((resolve) => held.push(() => resolve({ value: null }))),
  });
  const waiting = probe.text({ subject: 'probe.held' });
  await until(() => held.length === 1);
  assert.equal(await probe.text({ subject: 'probe.leaves' }), 'answered');
  await until(() => probe.logs.some(({ text }) => text === 'looping'));
  held[0]?.();
  assert.equal(await waiting, 'answered');
  assert.equal(await probe.text({ subject: 'probe.leaves' }), 'answered');
});

test('Who waits for what another call awaits is answered, though code of an ended call loops meanwhile', async () => {
  const held: (() => void)[] = [];
  const body = `
    switch (msg.params.key) {
      case 'fetches': shared = env.HOST.get('k').then(() => 'fetched'); return await shared;
      case 'shares': return await shared;
      case 'sleeps': return await (slept = new Promise((go) => setTimeout(() => go('slept'), 1_000)));
      case 'yawns': return await slept;
    }
    setTimeout(() => { console.log('looping'); for (;;) {} }, 5);
    return 'answered';`;
  for (const [owner, other] of [
    ['fetches', 'shares'],
    ['sleeps', 'yawns'],
  ] as const) {
    using probe = createTestFunction(handlerOf(body, 'let shared, slept;'), {
      limits: { cpuMs: CPU_MS },
      host: () => new Promise((resolve) => held.push(() => resolve({ value: null }))),
    });
    const waiting = Promise.all([owner, other].map((key) => probe.text({ subject: `probe.${key}` })));
    await until(() => probe.entries.flat().length === 2);
    assert.equal(await probe.text({ subject: 'probe.leaves' }), 'answered');
    await until(() => probe.logs.some(({ text }) => text === 'looping'));
    await until(() => !probe.runner.warm);
    held[0]?.();
    const [first, second] = await waiting;
    assert.equal(first, owner === 'fetches' ? 'fetched' : 'slept');
    assert.equal(second, first);
  }
});

test('So many instances that overran their limit are kept for what they hold, and the oldest is given up for more', async () => {
  const held = new Map<unknown, () => void>();
  const body = `if (msg.params.key === 'bad') for (;;) {} return (await env.HOST.get(msg.params.key)) === null && msg.params.key;`;
  using probe = createTestFunction(handlerOf(body), {
    limits: { cpuMs: 50, timeoutMs: 20_000 },
    host: ({ args: [key] }) =>
      new Promise((resolve) => held.set(key, () => resolve({ value: null, data: undefined }))),
  });
  const answers: Promise<Answer>[] = [];
  const keys = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5'];
  for (const key of keys) {
    answers.push(probe.call({ subject: `probe.${key}` }));
    await until(() => held.has(key));
    assert.equal(await probe.code({ subject: 'probe.bad' }), 'HS_FUNCTION_CPU');
  }
  assert.ok(probe.runner.retiredBytes > 4 * 1024 ** 2, `${probe.runner.retiredBytes} bytes`);
  assert.equal(probe.runner.inFlight, 4);
  for (const key of keys) held.get(key)?.();
  const outcomes = (await Promise.all(answers)).map((answer) =>
    answer.ok ? answer.text : answer.error.message,
  );
  assert.deepEqual(outcomes.slice(2), keys.slice(2));
  for (const message of outcomes.slice(0, 2))
    assert.match(message, /more than 4 that overran limits\.cpu of 50ms/);
  await until(() => probe.runner.retiredBytes === 0);
});

test('Every call of a function that always loops hears so, and the thread stays usable', async () => {
  using probe = looping('for (;;) {}');
  const calls = Array.from({ length: 5 }, () => probe.code({ subject: 'probe.bad' }));
  let turns = 0;
  const ticking = setInterval(() => {
    turns += 1;
  }, 5);
  assert.deepEqual(new Set(await Promise.all(calls)), new Set(['HS_FUNCTION_CPU']));
  clearInterval(ticking);
  assert.ok(turns >= 4, `the event loop turned ${turns} times`);
});

test('More completions than one entry takes reach an instance that a loop has retired', async () => {
  const waiters: (() => void)[] = [];
  const body = `if (msg.params.key === 'bad') for (;;) {}
    await env.HOST.get('k'); await env.HOST.get('k'); return msg.params.key;`;
  using probe = createTestFunction(handlerOf(body), {
    limits: { cpuMs: 300, timeoutMs: 5_000, concurrency: 1_000 },
    host: () => new Promise((resolve) => waiters.push(() => resolve({ value: null }))),
  });
  const calls = Array.from({ length: 300 }, (_, index) => probe.text({ subject: `probe.k${index}` }));
  await until(() => waiters.length === 300);
  assert.equal(await probe.code({ subject: 'probe.bad' }), 'HS_FUNCTION_CPU');
  for (const resume of waiters.splice(0)) resume();
  await until(() => waiters.length === 300);
  for (const resume of waiters.splice(0)) resume();
  assert.equal(new Set(await Promise.all(calls)).size, 300);
});

test('Taking what an interrupted entry left is an entry too, so that a cell that dies of it has somebody to blame', async () => {
  const code = handlerOf(
    'calls += 1; if (calls > 1) { console.log("ready"); for (;;) {} }',
    'let calls = 0;',
  );
  using probe = createTestFunction(code, { limits: { cpuMs: 50 } });
  await probe.text();
  assert.equal(await probe.code(), 'HS_FUNCTION_CPU');
  await until(() => probe.logs.some(({ text }) => text === 'ready'));
  // The module is loaded, and each message given; the rest is taken beside the main thread, which it may hold as long.
  assert.deepEqual(probe.entries, [[], ['probe.a'], ['probe.a']]);
  assert.deepEqual(probe.heavyEntries[0], []);
});

test('Functions of the host do not stop the clock of the limit', async () => {
  const cpuMs = 400;
  // In the heavy lane the limit has 100 ms more; isolated-vm's own clock gives 1,000 ms inline, and thousands there.
  const loop = `const startedMs = performance.now();
    for (let isSaid = false; ; ) {
      if (performance.now() - startedMs < ${1.8 * cpuMs} || isSaid) continue;
      isSaid = true;
      console.log('the host still answers');
    }`;
  for (const inlineCpuMs of [Number.POSITIVE_INFINITY, 50]) {
    using probe = createTestFunction(handlerOf(loop), { inlineCpuMs, limits: { cpuMs, timeoutMs: 20_000 } });
    assert.equal(await probe.code(), 'HS_FUNCTION_CPU');
    assert.ok(!probe.logs.some(({ text }) => text === 'the host still answers'), `with ${inlineCpuMs}`);
  }
});
