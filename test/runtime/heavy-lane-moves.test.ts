/** What is seen to hold the main thread for long moves to the heavy lane. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction, handlerOf } from '../support/functions.ts';
import { busy, HEAVY, turnsDuring } from '../support/heavy-lane.ts';

test('A function that is seen to hold the main thread moves, and its instance with it', async () => {
  // Work that takes processor time and not only time, and the same with any compiler.
  const code = handlerOf(
    'calls += 1; if (calls > 1) big * big; return calls',
    'let calls = 0; const big = 3n ** 1_500_000n;',
  );
  using probe = createTestFunction(code);
  let calls = 0;
  while (probe.heavyEntries.length === 0 && calls < 50) {
    calls += 1;
    assert.equal(await probe.text(), String(calls));
  }
  assert.ok(probe.heavyEntries.length > 0, 'it was never entered in the heavy lane');
  assert.ok(probe.entries.length > 2, 'it moved at its first entry');
  assert.equal(await probe.text(), String(calls + 1));
  assert.equal(probe.runner.stats().coldStarts, 1);
});

test('A function moves whose long entries hide among many short ones', async () => {
  const code = handlerOf(
    'calls += 1; if (calls % 5 === 0) big * big; return calls',
    'let calls = 0; const big = 3n ** 1_500_000n;',
  );
  using probe = createTestFunction(code);
  let calls = 0;
  while (probe.heavyEntries.length === 0 && calls < 200) {
    calls += 1;
    assert.equal(await probe.text(), String(calls));
  }
  assert.ok(probe.heavyEntries.length > 0, 'it was never entered in the heavy lane');
});

test('A first call that is too slow for the main thread is begun anew beside it, and what it did is done once', async () => {
  const puts: string[] = [];
  const code = handlerOf(
    `console.log('begins'); const put = env.HOST.put('k', msg.text()); calls += 1; ${busy(60)} await put; return calls`,
    'let calls = 0;',
  );
  using probe = createTestFunction(code, {
    host: async ({ payload }) => {
      puts.push(Buffer.from(payload ?? '').toString());
      return { value: 1 };
    },
  });
  const [count, text] = [
    await turnsDuring(probe.text({ data: 'first' })),
    await probe.text({ data: 'second' }),
  ];
  assert.ok(count > 3, `the event loop turned ${count} times during the first call`);
  assert.equal(text, '2');
  assert.deepEqual(puts, ['first', 'second']);
  assert.deepEqual(
    probe.logs.map((line) => line.text),
    ['begins', 'begins'],
  );
  assert.ok(probe.heavyEntries.length > 0);
  assert.equal(probe.runner.stats().coldStarts, 1);
});

test('A function that overran its limit on the main thread does so no second time', async () => {
  using probe = createTestFunction(handlerOf('for (;;) {}'), { limits: { cpuMs: 50 } });
  for (let call = 0; call < 3; call += 1) assert.equal(await probe.code(), 'HS_FUNCTION_CPU');
  assert.equal(probe.entries.flat().length, 1);
  assert.ok(probe.heavyEntries.flat().length >= 2);
});

test('A top level that is too slow for the main thread is run again beside it', async () => {
  using probe = createTestFunction(handlerOf('return table', `const table = 7; ${busy(120)}`), {
    inlineCpuMs: 30,
    limits: { cpuMs: 30 },
  });
  assert.equal(await probe.text(), '7');
  probe.runner.evict();
  const count = await turnsDuring(probe.text());
  assert.ok(count > 5, `the event loop turned ${count} times during the second start`);
  assert.equal(probe.runner.stats().coldStarts, 2);
});

test('A top level that held the main thread for long, though within its limit, is run beside it the next time', async () => {
  using probe = createTestFunction(handlerOf('return table', `const table = 7; ${busy(80)}`), {
    inlineCpuMs: 240,
    limits: { cpuMs: 240 },
  });
  assert.equal(await probe.text(), '7');
  assert.deepEqual(probe.heavyEntries, []);
  probe.runner.evict();
  const count = await turnsDuring(probe.text());
  assert.ok(count > 5, `the event loop turned ${count} times during the second start`);
  assert.equal(probe.runner.stats().coldStarts, 2);
});

test('A top level that never ends fails its callers in either lane', async () => {
  for (const options of [HEAVY, { inlineCpuMs: 50, limits: { cpuMs: 50 } }]) {
    using probe = createTestFunction(handlerOf('return 1', 'for (;;) {}'), options);
    const codes = await Promise.all([probe.code(), probe.code()]);
    assert.deepEqual(codes, ['HS_FUNCTION_LOAD', 'HS_FUNCTION_LOAD']);
    assert.equal(probe.runner.inFlight, 0);
  }
});
