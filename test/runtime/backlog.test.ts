/** Messages that wait and run are bounded by their bytes too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError, type HostCallResult } from '../../src/core/index.ts';
import { ByteBudget, FunctionRunner, Scheduler } from '../../src/runtime/index.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';
import { until } from '../support/turns.ts';

const MIB = 1024 ** 2;
const HOLD = handlerOf('await env.HOST.keys(); return "done";');

function createHold(): { readonly host: () => Promise<HostCallResult>; release(): void } {
  const held: (() => void)[] = [];
  let open = false;
  return {
    host: () =>
      new Promise((resolve) => (open ? resolve({ value: null }) : held.push(() => resolve({ value: null })))),
    release() {
      open = true;
      for (const go of held.splice(0)) go();
    },
  };
}

test('Messages beyond the bytes that a function may hold are refused at once, and fit again after', async () => {
  const hold = createHold();
  const backlog = new ByteBudget(64 * MIB);
  using probe = createTestFunction(HOLD, {
    host: hold.host,
    backlog,
    limits: { concurrency: 2, queue: 1_000, payloadBytes: MIB },
  });
  const data = Buffer.alloc(MIB);
  const calls = Array.from({ length: 16 }, () => probe.text({ data }));
  const late = await probe.call({ data: 'x' });
  assert.ok(!late.ok);
  assert.equal(late.error.code, 'HS_FUNCTION_OVERLOADED');
  assert.match(late.error.message, /fill the 16MiB that a function with limits\.payload of 1MiB may hold/);
  hold.release();
  assert.deepEqual(new Set(await Promise.all(calls)), new Set(['done']));
  assert.equal(backlog.usedBytes, 0);
  assert.equal(await probe.text({ data }), 'done');
});

test('A function with a large limits.payload may hold eight of its largest messages', async () => {
  const hold = createHold();
  using probe = createTestFunction(HOLD, {
    host: hold.host,
    limits: { payloadBytes: 4 * MIB, memoryBytes: 256 * MIB },
  });
  const data = Buffer.alloc(4 * MIB);
  const calls = Array.from({ length: 8 }, () => probe.text({ data }));
  assert.equal(await probe.code({ data }), 'HS_FUNCTION_OVERLOADED');
  hold.release();
  await Promise.all(calls);
});

test('Headers count toward the bytes that a function may hold', async () => {
  const hold = createHold();
  const backlog = new ByteBudget(10_000);
  using probe = createTestFunction(HOLD, { host: hold.host, backlog });
  const call = probe.text({ data: 'x', headers: [['Name', 'v'.repeat(100)]] });
  assert.equal(backlog.usedBytes, 105);
  hold.release();
  await call;
});

test('The functions of a cell share its bytes, and the message says that the cell is full', async () => {
  const hold = createHold();
  const options = { host: hold.host, backlog: new ByteBudget(3_000), scheduler: new Scheduler() };
  using one = createTestFunction(HOLD, { ...options, name: 'one' });
  using two = createTestFunction(HOLD, { ...options, name: 'two' });
  const data = Buffer.alloc(1_000);
  const calls = [one.text({ data }), two.text({ data }), one.text({ data })];
  const late = await two.call({ data });
  assert.ok(!late.ok);
  assert.equal(late.error.code, 'HS_FUNCTION_OVERLOADED');
  assert.match(late.error.message, /in its cell fill the /);
  hold.release();
  await Promise.all(calls);
  assert.equal(await two.text({ data }), 'done');
});

test('A message larger than the budget is taken where nothing else is held', async () => {
  using probe = createTestFunction(handlerOf('return msg.data.length'), { backlog: new ByteBudget(10) });
  assert.equal(await probe.text({ data: Buffer.alloc(100) }), '100');
});

test('Every way in which a message ends gives its bytes back', async () => {
  const body = `switch (msg.params.key) {
    case 'throw': throw new Error('no');
    case 'loop': for (;;) {}
    case 'never': return new Promise(() => {});
    case 'tail': ctx.waitUntil(env.HOST.keys()); return 'early';
    case 'stuck': ctx.waitUntil(new Promise(() => {})); return 'early';
    default: await env.HOST.keys(); return 'done';
  }`;
  const hold = createHold();
  const backlog = new ByteBudget(MIB);
  using probe = createTestFunction(handlerOf(body), {
    host: hold.host,
    backlog,
    limits: { concurrency: 4, timeoutMs: 1_000, cpuMs: 100 },
  });
  const keys = ['hold', 'throw', 'loop', 'never', 'tail', 'stuck', 'hold', 'throw', 'hold', 'hold'];
  const calls = keys.map((key) => probe.call({ subject: `probe.${key}`, data: 'x'.repeat(100) }));
  assert.equal(backlog.usedBytes, keys.length * 100);
  setTimeout(hold.release, 20);
  await Promise.all(calls);
  await until(() => probe.runner.inFlight === 1);
  assert.equal(backlog.usedBytes, 100);
  assert.equal(probe.runner.cancel(), 1);
  assert.equal(backlog.usedBytes, 0);
  assert.equal(probe.runner.inFlight, 0);
});

test('A version that is replaced, and one that is disposed of, give their bytes back', async () => {
  const hold = createHold();
  const backlog = new ByteBudget(MIB);
  using old = createTestFunction(handlerOf('ctx.waitUntil(env.HOST.keys()); return "early"'), {
    host: hold.host,
    backlog,
    limits: { concurrency: 2 },
  });
  const calls = Array.from({ length: 5 }, () => old.call({ data: 'x'.repeat(100) }));
  await Promise.all(calls.slice(0, 2));
  const successor = new FunctionRunner(old.runner.spec, new Map(), old.dependencies);
  old.runner.replaceWith(successor);
  assert.equal(backlog.usedBytes, 500);
  old.runner.dispose(new HairspringError('HS_DRAINING', 'The test is over'));
  assert.equal(backlog.usedBytes, 300);
  successor.dispose(new HairspringError('HS_DRAINING', 'The test is over'));
  await Promise.all(calls);
  assert.equal(backlog.usedBytes, 0);
});

test('A message that does not fit in the memory of its function fails, and is not tried again and again', async () => {
  using probe = createTestFunction(handlerOf('return msg.data.length'), {
    limits: { payloadBytes: 64 * MIB, memoryBytes: 8 * MIB },
  });
  assert.equal(await probe.code({ data: Buffer.alloc(30 * MIB) }), 'HS_FUNCTION_MEMORY');
  assert.equal(probe.runner.stats().coldStarts, 1);
});
