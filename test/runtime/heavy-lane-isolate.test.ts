/** An isolate that several threads enter: its stack, its heap and what is known of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchEncoder } from '../../src/runtime/index.ts';
import { createTestFunction, createTestPool, handlerOf, loadIsolate } from '../support/functions.ts';
import { readAll } from '../support/guest-records.ts';

test('Deep recursion ends in a RangeError on whichever thread, whichever was there before', async () => {
  using pool = createTestPool();
  const isolate = loadIsolate(
    pool,
    handlerOf(`let depth = 0; const down = () => { depth += 1; down(); };
      try { down(); } catch (error) { return String(error instanceof RangeError && depth > 1_000); }`),
  );
  const encoder = new BatchEncoder();
  for (let id = 1; id <= 6; id += 1) {
    encoder.invoke(id, 0, 'probe.a', true, 1_000, undefined, new Uint8Array(0));
    const { outputs, fault } =
      id % 2 === 0 ? await isolate.runAway(1, encoder.take(), 2_000) : isolate.run(encoder.take(), 2_000);
    assert.equal(fault, undefined);
    const [record] = outputs.flatMap(({ json, extras }) => readAll(json, extras));
    assert.equal(record?.kind === 'reply' ? record.payload : record?.kind, 'true');
  }
  isolate[Symbol.dispose]();
});

test('The main thread does not look into a heap that another thread was in last', async () => {
  using pool = createTestPool();
  const hoard = 'kept.push(new Array(100_000).fill(1.5)); return kept.length';
  const isolate = loadIsolate(pool, handlerOf(hoard, 'const kept = [];'), {
    limits: { memoryBytes: 64 * 1024 ** 2 },
  });
  const encoder = new BatchEncoder();
  let id = 0;
  const next = () => {
    id += 1;
    encoder.invoke(id, 0, 'probe.a', true, 1_000, undefined, new Uint8Array(0));
    return encoder.take();
  };
  isolate.run(next(), 2_000);
  const before = isolate.memoryUse();
  for (let entry = 0; entry < 5; entry += 1) await isolate.runAway(1, next(), 2_000);
  assert.deepEqual(isolate.memoryUse(), before);
  await isolate.measureAway(1);
  const away = isolate.memoryUse();
  assert.ok(
    away.heapBytes > before.heapBytes + 5 * 800_000 - 100_000,
    `${before.heapBytes}, ${away.heapBytes}`,
  );
  isolate.run(next(), 2_000);
  assert.ok(isolate.memoryUse().heapBytes > away.heapBytes + 700_000);
  isolate[Symbol.dispose]();
});

test('A function of the heavy lane that eats its memory loses its instance, and the next call works', async () => {
  const body = `
    if (msg.params.key === 'bomb') { const all = []; for (;;) all.push(new Array(100_000).fill({})); }
    return msg.params.key;`;
  using probe = createTestFunction(handlerOf(body), {
    inlineCpuMs: 50,
    limits: { memoryBytes: 16 * 1024 ** 2, cpuMs: 10_000, timeoutMs: 20_000 },
  });
  assert.equal(await probe.code({ subject: 'probe.bomb' }), 'HS_FUNCTION_MEMORY');
  assert.equal(await probe.text({ subject: 'probe.fine' }), 'fine');
});
