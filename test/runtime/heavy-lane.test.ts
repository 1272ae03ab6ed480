/** What may hold a thread for long holds one beside the main thread. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SilentObserver } from '../../src/core/index.ts';
import { Scheduler } from '../../src/runtime/index.ts';
import { createTestFunction, createTestPool, handlerOf, loadIsolate, textOf } from '../support/functions.ts';
import { busy, HEAVY, turnsDuring } from '../support/heavy-lane.ts';
import { until } from '../support/turns.ts';

test('A function with a long CPU limit leaves the main thread free while it computes', async () => {
  using probe = createTestFunction(handlerOf(`${busy(300)} return 'done'`), HEAVY);
  await probe.call();
  const count = await turnsDuring(probe.text());
  assert.ok(count > 20, `the event loop turned ${count} times`);
  assert.deepEqual(probe.entries, []);
  assert.equal(probe.heavyEntries.length >= 2, true);
});

test('A neighbour is answered while a function of the heavy lane computes', async () => {
  const scheduler = new Scheduler();
  using heavy = createTestFunction(handlerOf(`${busy(400)} return 'heavy'`), { ...HEAVY, scheduler });
  using light = createTestFunction(handlerOf('return "light"'), { scheduler });
  await light.text();
  let computing = true;
  const work = heavy.text().finally(() => {
    computing = false;
  });
  await until(() => heavy.heavyEntries.length > 1);
  for (let index = 0; index < 20; index += 1) assert.equal(await light.text(), 'light');
  assert.equal(computing, true);
  assert.equal(await work, 'heavy');
});

const LOOPS: Readonly<Record<string, string>> = {
  'in its first stretch': 'for (;;) {}',
  'after a microtask': 'await null; for (;;) {}',
  'after a host call': 'await env.HOST.get("k"); for (;;) {}',
  'after a timer': 'await new Promise((go) => setTimeout(go, 5)); for (;;) {}',
  'in a chain of microtasks': 'const again = () => Promise.resolve().then(again); await again();',
  'over functions of the host': 'for (;;) { try { performance.now(); } catch {} }',
};

for (const [where, loop] of Object.entries(LOOPS)) {
  test(`A call in the heavy lane that loops ${where} fails alone, and the rest is answered`, async () => {
    using probe = createTestFunction(
      handlerOf(`if (msg.params.key === 'bad') { ${loop} } return msg.params.key;`),
      { inlineCpuMs: 50, limits: { cpuMs: 100, timeoutMs: 6_000 }, host: async () => ({ value: null }) },
    );
    const keys = [...Array(20).keys()].map((index) => (index === 7 ? 'bad' : `k${index}`));
    const answers = await Promise.all(keys.map((key) => probe.call({ subject: `probe.${key}` })));
    for (const [index, key] of keys.entries()) {
      const answer = answers[index];
      assert.ok(answer !== undefined);
      if (key === 'bad') assert.equal(answer.ok ? 'ok' : answer.error.code, 'HS_FUNCTION_CPU');
      else assert.equal(textOf(answer), key);
    }
    assert.equal(probe.runner.inFlight, 0);
    assert.deepEqual(probe.entries, []);
  });
}

test('All that an entry in the heavy lane hands out is there before it counts as done', async () => {
  const body = `
    const values = [];
    for (let index = 0; index < 150; index += 1) values.push(env.HOST.put('k' + index, 'x'.repeat(10_000)));
    console.log('sent');
    await Promise.all(values);
    await new Promise((go) => setTimeout(go, 1));
    return [values.length, Math.round(performance?.now?.() ?? 1) > 0, (await env.HOST.get('k')).value.length];`;
  let puts = 0;
  using probe = createTestFunction(handlerOf(body, 'var performance;'), {
    ...HEAVY,
    host: async ({ op, payload }) => {
      if (op === 'put') {
        puts += 1;
        assert.equal(payload?.length, 10_000);
      }
      return op === 'get' ? { value: [1, 0], data: Buffer.alloc(20_000, 'y') } : { value: 1 };
    },
  });
  assert.equal(await probe.text(), '[150,true,20000]');
  assert.equal(puts, 150);
  assert.deepEqual(probe.logs, [{ level: 'info', text: 'sent' }]);
});

test('A quick call in the heavy lane is answered before the next one computes', async () => {
  using probe = createTestFunction(
    handlerOf(`if (msg.text() === 'quick') return 'quick'; ${busy(400)} return 'slow'`),
    HEAVY,
  );
  await probe.text({ data: 'quick' });
  const [quick, slow] = [probe.text({ data: 'quick' }), probe.text({ data: 'slow' })];
  assert.equal(await quick, 'quick');
  assert.equal(probe.runner.inFlight, 1, 'the other has been answered as well');
  assert.equal(await slow, 'slow');
});

test('Large results in the heavy lane are not copied again for each answer that goes out before them', async () => {
  const held: (() => void)[] = [];
  let given = 0;
  const observer = Object.assign(new SilentObserver(), {
    wantsDetails: () => true,
    onBatch: (_spec: unknown, size: number) => {
      given += size;
    },
  });
  using probe = createTestFunction(handlerOf('return String((await env.HOST.get("k")).value.length)'), {
    inlineCpuMs: 50,
    limits: { cpuMs: 2_000, memoryBytes: 256 * 1024 ** 2 },
    observer,
    host: () => new Promise((go) => held.push(() => go({ value: [1, 1], data: Buffer.alloc(1e6) }))),
  });
  const answers = Promise.all(Array.from({ length: 12 }, () => probe.text()));
  await until(() => held.length === 12);
  for (const release of held) release();
  assert.deepEqual(new Set(await answers), new Set(['1000000']));
  assert.ok(given <= 12 + 2 * 12, `${given} records for 12 calls and 12 results`);
});

test('A quick call in the heavy lane is answered before one computes that waited for the same', async () => {
  const held: (() => void)[] = [];
  using probe = createTestFunction(
    handlerOf(
      `await env.HOST.keys(); if (msg.text() === 'quick') return 'quick'; ${busy(400)} return 'slow'`,
    ),
    { ...HEAVY, host: () => new Promise((resolve) => held.push(() => resolve({ value: [] }))) },
  );
  const [quick, slow] = [probe.text({ data: 'quick' }), probe.text({ data: 'slow' })];
  await until(() => held.length === 2);
  for (const release of held) release();
  assert.equal(await quick, 'quick');
  assert.equal(probe.runner.inFlight, 1, 'the other has been answered as well');
  assert.equal(await slow, 'slow');
});

test('A reply from the heavy lane does not wait for the look at the heap that follows its entry', async (t) => {
  let looked = (): void => undefined;
  using isolate = loadIsolate(createTestPool(), handlerOf('return 1'));
  t.mock.method(
    Object.getPrototypeOf(isolate),
    'measureAway',
    () => new Promise<void>((resolve) => (looked = resolve)),
  );
  using probe = createTestFunction(handlerOf(`${busy(20)} return 'done'`), HEAVY);
  assert.equal(await probe.text(), 'done');
  looked();
});

test('Quick calls in the heavy lane share their entries when none has taken long for a while', async () => {
  using probe = createTestFunction(handlerOf('return msg.text()'), {
    ...HEAVY,
    limits: { cpuMs: 2_000, concurrency: 100 },
  });
  const keys = Array.from({ length: 64 }, (_, index) => `k${index}`);
  const ask = () => Promise.all(keys.map((data) => probe.text({ data })));
  assert.deepEqual(await ask(), keys);
  const before = probe.heavyEntries.length;
  assert.deepEqual(await ask(), keys);
  assert.ok(probe.heavyEntries.length - before < 32, `${probe.heavyEntries.length - before} entries`);
});
