import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST_LIMITS } from '../../src/core/index.ts';
import { createManualClock } from '../control/support/manual-clock.ts';
import { type Call, createTestFunction, handlerOf } from '../support/functions.ts';
import { turns, until } from '../support/turns.ts';

/** Each call waits in the host until it is let go. */
function createGate(): {
  wait(): Promise<{ value: null }>;
  open(count?: number): void;
  readonly waiting: number;
} {
  const held: (() => void)[] = [];
  return {
    wait: () => new Promise((resolve) => held.push(() => resolve({ value: null }))),
    open: (count = held.length) => {
      for (const release of held.splice(0, count)) release();
    },
    get waiting() {
      return held.length;
    },
  };
}

const HOLD = 'await env.HOST.keys(); return msg.params.key;';
const keyed = (key: string | number): Call => ({ subject: `probe.${key}` });

test('A call over the payload limit is refused without waking the function', async () => {
  using probe = createTestFunction(handlerOf('return msg.data.length'), { limits: { payloadBytes: 1_000 } });
  assert.equal(await probe.code({ data: Buffer.alloc(1_001) }), 'HS_PAYLOAD_TOO_LARGE');
  assert.equal(probe.runner.stats().coldStarts, 0);
  assert.equal(await probe.text({ data: Buffer.alloc(1_000) }), '1000');
});

test('So many calls run, so many wait, and every one beyond is refused at once', async () => {
  const gate = createGate();
  using probe = createTestFunction(handlerOf(HOLD), {
    host: () => gate.wait(),
    limits: { concurrency: 3, queue: 4 },
  });
  const calls = Array.from({ length: 10 }, (_, index) => probe.call(keyed(index)));
  await until(() => gate.waiting === 3);
  await turns();
  const { inFlight, queued } = probe.runner.stats();
  assert.deepEqual({ inFlight, queued, reached: gate.waiting }, { inFlight: 3, queued: 4, reached: 3 });
  assert.equal(await probe.code(keyed('late')), 'HS_FUNCTION_OVERLOADED');
  gate.open(1);
  await until(() => gate.waiting === 3 && probe.runner.stats().queued === 3);
  calls.push(probe.call(keyed('extra')));
  const opening = setInterval(() => gate.open(), 1);
  const answers = await Promise.all(calls);
  clearInterval(opening);
  assert.deepEqual(
    answers.map((answer) => (answer.ok ? answer.text : answer.error.code)),
    ['0', '1', '2', '3', '4', '5', '6', ...Array(3).fill('HS_FUNCTION_OVERLOADED'), 'extra'],
  );
});

test('A queue of zero refuses what cannot begin at once', async () => {
  const gate = createGate();
  using probe = createTestFunction(handlerOf(HOLD), {
    host: () => gate.wait(),
    limits: { concurrency: 1, queue: 0 },
  });
  const first = probe.text(keyed('first'));
  assert.equal(await probe.code(keyed('second')), 'HS_FUNCTION_OVERLOADED');
  await until(() => gate.waiting === 1);
  gate.open();
  assert.equal(await first, 'first');
  const third = probe.text(keyed('third'));
  await until(() => gate.waiting === 1);
  gate.open();
  assert.equal(await third, 'third');
});

test('Calls that wait are begun in the order in which they came', async () => {
  const gate = createGate();
  using probe = createTestFunction(handlerOf(`order.push(msg.params.key); ${HOLD}`, 'const order = [];'), {
    host: () => gate.wait(),
    limits: { concurrency: 1, queue: 50 },
  });
  const calls = Array.from({ length: 30 }, (_, index) => probe.text(keyed(index)));
  for (let index = 0; index < calls.length; index += 1) {
    await until(() => gate.waiting === 1);
    gate.open();
  }
  await Promise.all(calls);
  const begun = probe.entries.flat();
  assert.deepEqual(
    begun,
    Array.from({ length: 30 }, (_, index) => `probe.${index}`),
  );
});

test('A call that never settles times out when its time is up, and not before', async () => {
  const clock = createManualClock();
  using probe = createTestFunction(handlerOf('await new Promise(() => {})'), {
    clock,
    limits: { timeoutMs: 1_000 },
  });
  const call = probe.code();
  await turns();
  clock.advance(980);
  await turns();
  assert.equal(probe.runner.inFlight, 1);
  clock.advance(40);
  assert.equal(await call, 'HS_FUNCTION_TIMEOUT');
  assert.equal(probe.runner.inFlight, 0);
});

test('The time in the queue counts, and a place that a time-out frees is given on', async () => {
  const clock = createManualClock();
  const body = 'if (msg.params.key === "stuck") await new Promise(() => {}); return msg.params.key;';
  using probe = createTestFunction(handlerOf(body), {
    clock,
    limits: { timeoutMs: 1_000, concurrency: 1, queue: 10 },
  });
  const stuck = probe.code(keyed('stuck'));
  const early = probe.code(keyed('stuck'));
  await turns();
  clock.advance(500);
  const late = probe.text(keyed('late'));
  await turns();
  clock.advance(520);
  assert.deepEqual(await Promise.all([stuck, early]), ['HS_FUNCTION_TIMEOUT', 'HS_FUNCTION_TIMEOUT']);
  assert.equal(await late, 'late');
});

test('What a timed-out call still produces is dropped', async () => {
  const clock = createManualClock();
  const gate = createGate();
  using probe = createTestFunction(
    handlerOf('await env.HOST.keys(); console.log("went on"); return "late"'),
    {
      clock,
      host: () => gate.wait(),
      limits: { timeoutMs: 100 },
    },
  );
  const call = probe.code();
  await until(() => gate.waiting === 1);
  clock.advance(200);
  assert.equal(await call, 'HS_FUNCTION_TIMEOUT');
  gate.open();
  await turns();
  assert.equal(probe.finished.length, 1);
  assert.equal(probe.runner.inFlight, 0);
});

test('waitUntil keeps a call going after its reply, for so long and no longer', async () => {
  const clock = createManualClock();
  const body = `
    ctx.waitUntil(msg.params.key === 'ends' ? env.HOST.keys().then(() => console.log('tail done')) : new Promise(() => {}));
    return 'replied';`;
  const gate = createGate();
  using probe = createTestFunction(handlerOf(body), {
    clock,
    host: () => gate.wait(),
    limits: { timeoutMs: 1_000, concurrency: 2, queue: 0 },
  });
  assert.equal(await probe.text(keyed('ends')), 'replied');
  assert.equal(await probe.text(keyed('hangs')), 'replied');
  assert.equal(probe.runner.inFlight, 2);
  assert.equal(await probe.code(keyed('third')), 'HS_FUNCTION_OVERLOADED');
  gate.open();
  await until(() => probe.runner.inFlight === 1);
  assert.ok(probe.logs.some(({ text }) => text === 'tail done'));
  clock.advance(HOST_LIMITS.tailMs - 100);
  assert.equal(probe.runner.inFlight, 1, 'its own time-out does not count any more');
  clock.advance(120);
  assert.equal(probe.runner.inFlight, 0);
  assert.ok(probe.logs.some(({ level, text }) => level === 'warn' && /waitUntil .*within 30s/.test(text)));
  assert.equal(probe.finished.filter(({ status }) => status === 'ok').length, 2);
});

test('waitUntil holds so many promises of a call, and a further one is an error in the handler', async () => {
  const body = `
    for (let index = 0; index < ${HOST_LIMITS.tails}; index += 1) ctx.waitUntil(Promise.resolve());
    try { ctx.waitUntil(Promise.resolve()); } catch (error) { return error.message; }`;
  using probe = createTestFunction(handlerOf(body));
  assert.match(await probe.text(), new RegExp(`holds ${HOST_LIMITS.tails} promises`));
  await until(() => probe.runner.inFlight === 0);
});

test('A rejection in waitUntil is logged and frees the place', async () => {
  const odd = 'new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })';
  using probe = createTestFunction(
    handlerOf(
      `ctx.waitUntil(Promise.reject(new Error('in the tail'))); ctx.waitUntil(Promise.reject(${odd}));`,
    ),
  );
  await probe.text();
  await until(() => probe.runner.inFlight === 0);
  assert.equal(probe.logs.filter(({ text }) => text.startsWith('A promise given to waitUntil')).length, 2);
});

test('A function that eats its memory loses its instance, and the next call works', async () => {
  const body = `
    if (msg.params.key === 'bomb') { const all = []; for (;;) all.push(new Array(100_000).fill({})); }
    return msg.params.key;`;
  using probe = createTestFunction(handlerOf(body), {
    limits: { memoryBytes: 16 * 1024 ** 2, cpuMs: 5_000, timeoutMs: 20_000 },
  });
  assert.equal(await probe.code(keyed('bomb')), 'HS_FUNCTION_MEMORY');
  assert.equal(await probe.text(keyed('fine')), 'fine');
  const around = [
    probe.call(keyed('before')),
    probe.call(keyed('bomb')),
    probe.text(keyed('after')),
  ] as const;
  const [before, bomb, after] = await Promise.all(around);
  assert.ok(before.ok || before.error.code === 'HS_FUNCTION_MEMORY');
  assert.equal(bomb.ok ? '' : bomb.error.code, 'HS_FUNCTION_MEMORY');
  assert.equal(after, 'after');
});
