import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ColdReason, HairspringError } from '../../src/core/index.ts';
import { FunctionRunner, HeavyLane, type WearLimits } from '../../src/runtime/index.ts';
import {
  callRunner,
  createTestFunction,
  handlerOf,
  type TestFunction,
  textOf,
} from '../support/functions.ts';
import { turns, until } from '../support/turns.ts';

const NEVER: WearLimits = { ageMs: Infinity, invocations: Infinity, heapShare: Infinity };
const BODY = `
  if (msg.params.key === 'loop') for (;;) {}
  if (msg.params.key === 'eat') for (const all = []; ; ) all.push(new Array(1e5).fill({}));
  if (msg.params.key === 'held') await env.HOST.keys();
  return String(calls += 1);`;

function counting(options: Parameters<typeof createTestFunction>[1] = {}): TestFunction {
  return createTestFunction(handlerOf(BODY, 'let calls = 0;'), options);
}

function reasonsOf(probe: TestFunction): readonly ColdReason[] {
  return probe.finished.flatMap(({ coldReason }) => (coldReason === undefined ? [] : [coldReason]));
}

test('The first call and the one after an eviction say so, with the time that it took', async () => {
  using probe = counting();
  await probe.text();
  await probe.text();
  assert.ok(probe.runner.evict());
  await probe.text();
  assert.deepEqual(reasonsOf(probe), ['first', 'evicted']);
  const cold = probe.finished.filter(({ coldReason }) => coldReason !== undefined);
  assert.ok(cold.every(({ coldMs }) => coldMs !== undefined && coldMs > 0));
  const { coldStarts, coldReasons } = probe.runner.stats();
  assert.equal(coldStarts, 2);
  assert.deepEqual([coldReasons.first, coldReasons.evicted, coldReasons.crash], [1, 1, 0]);
});

test('The call after a lost isolate and the one after a CPU overrun say so', async () => {
  using probe = counting({ limits: { cpuMs: 100, memoryBytes: 8 * 1024 ** 2 } });
  await probe.text();
  assert.equal(await probe.code({ subject: 'probe.loop' }), 'HS_FUNCTION_CPU');
  await probe.text();
  const code = await probe.code({ subject: 'probe.eat' });
  assert.ok(code === 'HS_FUNCTION_MEMORY' || code === 'HS_FUNCTION_CPU', code);
  await probe.text();
  const lost = code === 'HS_FUNCTION_MEMORY' ? 'crash' : 'interrupted';
  assert.deepEqual(reasonsOf(probe), ['first', 'interrupted', lost]);
});

test('A version that follows one that was called says so; one that follows an idle one does not', async () => {
  using called = counting();
  using idle = counting();
  await called.text();
  for (const [probe, expected] of [
    [called, 'version'],
    [idle, 'first'],
  ] as const) {
    const successor = new FunctionRunner(probe.runner.spec, new Map(), probe.dependencies);
    probe.runner.replaceWith(successor);
    textOf(await callRunner(successor));
    assert.equal(probe.finished.at(-1)?.coldReason, expected);
    successor.dispose(new HairspringError('HS_DRAINING', 'The test is over'));
  }
});

test('A function whose cell died says so when it is called for the first time in the next', async () => {
  using probe = counting();
  const successor = new FunctionRunner(probe.runner.spec, new Map(), probe.dependencies, 'crash');
  textOf(await callRunner(successor));
  assert.deepEqual(reasonsOf(probe), ['crash']);
  successor.dispose(new HairspringError('HS_DRAINING', 'The test is over'));
});

test('An instance is replaced after so many calls, and not before', async () => {
  using probe = counting({ wear: { ...NEVER, invocations: 3 } });
  const replies: string[] = [];
  for (let call = 0; call < 5; call += 1) {
    replies.push(await probe.text());
    probe.runner.tend(0);
  }
  assert.deepEqual(replies, ['1', '2', '3', '1', '2']);
  assert.deepEqual(reasonsOf(probe), ['first', 'recycled']);
});

test('An instance is replaced when it is old, unless it was never used', async () => {
  using probe = counting({ wear: { ...NEVER, ageMs: 60_000 }, limits: { minWarm: 1 } });
  probe.runner.prewarm();
  await until(() => probe.runner.warm);
  const laterMs = performance.now() + 60_001;
  probe.runner.tend(laterMs);
  assert.equal(probe.runner.stats().prewarmed, 1);
  assert.equal(await probe.text(), '1');
  probe.runner.tend(performance.now());
  assert.equal(await probe.text(), '2');
  probe.runner.tend(laterMs);
  await until(() => probe.runner.stats().prewarmed === 2);
  assert.equal(await probe.text(), '1');
});

test('An instance whose heap stays full is replaced, and one that is full for a moment is not', async () => {
  const body =
    'if (msg.params.key === "grow") kept = new Array(1e6).fill(1.5); else kept = undefined; return "ok";';
  const heavyLane = new HeavyLane(1);
  using probe = createTestFunction(handlerOf(body, 'let kept;'), {
    heavyLane,
    wear: { ...NEVER, heapShare: 0.25 },
    limits: { memoryBytes: 16 * 1024 ** 2 },
  });
  const grow = async (): Promise<void> => {
    await probe.text({ subject: 'probe.grow' });
    // With so full a heap it is in the lane, which looks at that after the reply.
    await heavyLane.run({}, () => Promise.resolve());
    probe.runner.tend(0);
  };
  for (let call = 0; call < 4; call += 1) await grow();
  assert.ok(probe.runner.warmBytes > 4 * 1024 ** 2);
  // Measured again only after another call.
  for (let idle = 0; idle < 5; idle += 1) probe.runner.tend(0);
  assert.equal(probe.runner.warm, true);
  await grow();
  assert.equal(probe.runner.warm, false);
});

test('While a worn out instance finishes what it had begun, new calls go to a fresh one', async () => {
  const held: (() => void)[] = [];
  using probe = counting({
    wear: { ...NEVER, invocations: 1 },
    host: () => new Promise((resolve) => held.push(() => resolve({ value: [] }))),
  });
  const slow = probe.text({ subject: 'probe.held' });
  await until(() => held.length === 1);
  probe.runner.tend(0);
  assert.equal(probe.runner.inFlight, 1);
  assert.equal(await probe.text(), '1');
  assert.deepEqual(reasonsOf(probe), ['recycled']);
  held[0]?.();
  assert.equal(await slow, '1');
  await turns();
  assert.deepEqual(reasonsOf(probe), ['recycled', 'first']);
  assert.equal(probe.runner.inFlight, 0);
});

test('A function with minWarm is made ahead, is never evicted, and is there again after it was lost', async () => {
  using probe = counting({ limits: { minWarm: 1, cpuMs: 100 } });
  assert.equal(probe.runner.warm, false);
  probe.runner.prewarm();
  await until(() => probe.runner.warm);
  assert.equal(await probe.text(), '1');
  assert.equal(probe.runner.evict(), false);
  assert.equal(await probe.code({ subject: 'probe.loop' }), 'HS_FUNCTION_CPU');
  await until(() => probe.runner.warm);
  assert.equal(await probe.text(), '1');
  assert.deepEqual(reasonsOf(probe), []);
  const { coldStarts, prewarmed } = probe.runner.stats();
  assert.deepEqual({ coldStarts, prewarmed }, { coldStarts: 0, prewarmed: 2 });
});

test('A function with minWarm that does not load is tried once, and again by a call', async () => {
  using probe = createTestFunction('throw new Error("no table")', { limits: { minWarm: 1 } });
  probe.runner.prewarm();
  await until(() => probe.logs.length > 0);
  probe.runner.prewarm();
  await turns(5);
  assert.equal(probe.logs.length, 1);
  assert.equal(await probe.code(), 'HS_FUNCTION_LOAD');
});
