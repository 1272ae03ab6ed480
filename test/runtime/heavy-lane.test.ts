/** What may hold a thread for long holds one beside the main thread. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError, SilentObserver } from '../../src/core/index.ts';
import { BatchEncoder, HeavyLane, Scheduler } from '../../src/runtime/index.ts';
import {
  createTestFunction,
  createTestPool,
  handlerOf,
  loadIsolate,
  moduleOf,
  type TestFunctionOptions,
  textOf,
} from '../support/functions.ts';
import { readAll } from '../support/guest-records.ts';
import { until } from '../support/turns.ts';

/** A limit that sends a function to the heavy lane, where the main thread allows 50 ms. */
const HEAVY: TestFunctionOptions = { inlineCpuMs: 50, limits: { cpuMs: 2_000 } };

/** Code that holds its thread. */
const busy = (ms: number): string => `{ const until = Date.now() + ${ms}; while (Date.now() < until); }`;

/** Turns of the event loop until `work` is done: few when the thread is held, many when it is free. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let done = false;
  let count = 0;
  const end = work.finally(() => {
    done = true;
  });
  while (!done) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    count += 1;
  }
  await end;
  return count;
}

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

test('A top level that never ends fails its callers in either lane', async () => {
  for (const options of [HEAVY, { inlineCpuMs: 50, limits: { cpuMs: 50 } }]) {
    using probe = createTestFunction(handlerOf('return 1', 'for (;;) {}'), options);
    const codes = await Promise.all([probe.code(), probe.code()]);
    assert.deepEqual(codes, ['HS_FUNCTION_LOAD', 'HS_FUNCTION_LOAD']);
    assert.equal(probe.runner.inFlight, 0);
  }
});

test('A caller hears of its time-out while the thread still computes, and the thread is taken back', async () => {
  const lane = new HeavyLane(1);
  const options = { ...HEAVY, heavyLane: lane };
  using stuck = createTestFunction(handlerOf('for (;;) {}'), {
    ...options,
    limits: { cpuMs: 60_000, timeoutMs: 150 },
  });
  using other = createTestFunction(handlerOf('return "mine"'), options);
  assert.equal(await stuck.code(), 'HS_FUNCTION_TIMEOUT');
  assert.equal(stuck.runner.warm, false);
  assert.equal(await other.text(), 'mine');
});

test('Calls beyond concurrency and queue are refused at once while the heavy lane is busy', async () => {
  using probe = createTestFunction(handlerOf(`${busy(200)} return 'done'`), {
    inlineCpuMs: 50,
    limits: { cpuMs: 2_000, concurrency: 1, queue: 1 },
  });
  const first = probe.text();
  await until(() => probe.heavyEntries.flat().length === 1);
  const second = probe.text();
  const third = await probe.call();
  assert.equal(third.ok ? '' : third.error.code, 'HS_FUNCTION_OVERLOADED');
  assert.equal(third.ok ? false : third.error.info.retryable, true);
  assert.deepEqual(await Promise.all([first, second]), ['done', 'done']);
});

test('Functions that share the one thread of the lane take turns', async () => {
  const order: string[] = [];
  const heavyLane = new HeavyLane(1);
  const make = (name: string) =>
    createTestFunction(handlerOf(`${busy(20)} return '${name}'`), { ...HEAVY, heavyLane, name });
  using one = make('one');
  using two = make('two');
  await Promise.all([one.text(), two.text()]);
  const note = (name: string): void => void order.push(name);
  await Promise.all([
    ...Array.from({ length: 6 }, () => one.text().then(note)),
    ...Array.from({ length: 6 }, () => two.text().then(note)),
  ]);
  const lastOfOne = order.lastIndexOf('one');
  assert.ok(order.indexOf('two') < lastOfOne, `two had to wait for all of one: ${order.join(' ')}`);
});

test('What a call leaves to be forgotten takes no entries of its own from the turns of the others', async () => {
  const heavyLane = new HeavyLane(1);
  using leaver = createTestFunction(
    handlerOf(
      "if (msg.params.key === 'arms') for (let index = 0; index < 500; index += 1) setTimeout(() => {}, 60_000); return msg.params.key;",
    ),
    { ...HEAVY, heavyLane },
  );
  using busyOne = createTestFunction(handlerOf(`${busy(20)} return 'busy'`), { ...HEAVY, heavyLane });
  assert.equal(await leaver.text({ subject: 'probe.arms' }), 'arms');
  const others = Promise.all([busyOne.text(), busyOne.text()]);
  assert.equal(await leaver.text({ subject: 'probe.next' }), 'next');
  await others;
  const subjects = leaver.heavyEntries.map(([subject]) => subject);
  const waited = subjects.indexOf('probe.next') - subjects.indexOf('probe.arms');
  assert.ok(waited <= 2, `${waited} entries until the next call began`);
});

test('A function with several instances has no more turns in the lane than one with a single one', async () => {
  const lane = new HeavyLane(1);
  const [many, single] = [{}, {}];
  const order: string[] = [];
  const note = (name: string) => async (): Promise<void> => void order.push(name);
  const asked = ['m1', 'm2', 'm3'].map((name) => lane.run(many, note(name)));
  asked.push(lane.run(single, note('s1')), lane.run(single, note('s2')));
  await Promise.all(asked);
  assert.deepEqual(order, ['m1', 'm2', 's1', 'm3', 's2']);
});

test('No more entries are in progress at once than the lane has threads', async () => {
  const lane = new HeavyLane(2);
  let running = 0;
  let most = 0;
  const slots = new Set<number>();
  const work = async (slot: number): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    slots.add(slot);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (slot === 1) throw new Error('a failing entry gives its slot back');
  };
  await Promise.allSettled(Array.from({ length: 20 }, () => lane.run({}, work)));
  assert.equal(most, 2);
  assert.deepEqual([...slots].sort(), [1, 2]);
});

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

test('A function that is disposed of while it computes fails its callers once, and frees the thread', async () => {
  const heavyLane = new HeavyLane(1);
  using probe = createTestFunction(handlerOf('for (;;) {}'), {
    inlineCpuMs: 50,
    limits: { cpuMs: 60_000, timeoutMs: 60_000 },
    heavyLane,
  });
  const call = probe.code();
  await until(() => probe.heavyEntries.flat().length === 1);
  assert.equal(typeof probe.runner.stats().heapBytes, 'number');
  probe.runner.dispose(new HairspringError('HS_DRAINING', 'Over'));
  assert.equal(await call, 'HS_DRAINING');
  using next = createTestFunction(moduleOf('{ message: () => "free" }'), { ...HEAVY, heavyLane });
  assert.equal(await next.text(), 'free');
});
