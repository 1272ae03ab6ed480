import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError, type HostCallResult } from '../../src/core/index.ts';
import { FunctionRunner, Scheduler } from '../../src/runtime/index.ts';
import { createTestFunction, handlerOf, moduleOf } from '../support/functions.ts';
import { turns, until } from '../support/turns.ts';

const HOLD = 'if (msg.params.key === "held") await env.HOST.keys(); return version + msg.params.key;';

interface Held {
  readonly host: () => Promise<HostCallResult>;
  readonly count: () => number;
  readonly release: () => void;
}

function holdCalls(): Held {
  const held: (() => void)[] = [];
  return {
    host: () => new Promise((resolve) => held.push(() => resolve({ value: null }))),
    count: () => held.length,
    release: () => {
      for (const go of held.splice(0)) go();
    },
  };
}

test('A function costs nothing until its first call, and wakes once', async () => {
  using probe = createTestFunction(handlerOf('return "up"'));
  assert.equal(probe.runner.warm, false);
  await Promise.all(Array.from({ length: 50 }, () => probe.text()));
  assert.equal(probe.runner.stats().coldStarts, 1);
  assert.equal(probe.finished.filter(({ coldMs }) => coldMs !== undefined).length, 1);
  assert.equal(probe.runner.stats().invocations, 50);
});

test('A function that does not load fails every caller, and is tried again by the next', async () => {
  using probe = createTestFunction('throw new Error("no table")');
  const codes = await Promise.all([probe.code(), probe.code(), probe.code()]);
  assert.deepEqual(new Set(codes), new Set(['HS_FUNCTION_LOAD']));
  assert.equal(await probe.code(), 'HS_FUNCTION_LOAD');
  assert.equal(probe.runner.inFlight, 0);
  assert.equal(probe.runner.warm, false);
});

test('Only an idle instance is evicted, and the next call makes another', async () => {
  const held = holdCalls();
  using probe = createTestFunction(handlerOf(HOLD, 'const version = "";'), { host: held.host });
  assert.equal(probe.runner.evict(), false);
  const call = probe.text({ subject: 'probe.held' });
  await until(() => held.count() === 1);
  assert.equal(probe.runner.evict(), false);
  held.release();
  assert.equal(await call, 'held');
  await turns();
  assert.equal(probe.runner.evict(), true);
  assert.equal(probe.runner.warm, false);
  assert.equal(await probe.text({ subject: 'probe.again' }), 'again');
  assert.equal(probe.runner.stats().coldStarts, 2);
});

test('A new version takes over what had not begun, and what had begun finishes on the old one', async () => {
  const held = holdCalls();
  using old = createTestFunction(handlerOf(HOLD, 'const version = "old-";'), {
    host: held.host,
    limits: { concurrency: 1, queue: 10 },
  });
  const begun = old.text({ subject: 'probe.held' });
  const waiting = ['x', 'y'].map((key) => old.text({ subject: `probe.${key}` }));
  await until(() => held.count() === 1);
  const successor = new FunctionRunner(old.runner.spec, new Map(), {
    ...old.dependencies,
    readCode: () => handlerOf(HOLD, 'const version = "new-";'),
  });
  old.runner.replaceWith(successor);
  assert.deepEqual(await Promise.all(waiting), ['new-x', 'new-y']);
  let idle = false;
  const idling = old.runner.idle().then(() => {
    idle = true;
  });
  await turns();
  assert.equal(idle, false);
  held.release();
  assert.equal(await begun, 'old-held');
  await idling;
  successor.dispose(new HairspringError('HS_DRAINING', 'The test is over'));
});

test('A version that is replaced before its first turn hands everything on', async () => {
  using old = createTestFunction(handlerOf('return "old"'));
  const calls = [old.text(), old.text()];
  const successor = new FunctionRunner(old.runner.spec, new Map(), {
    ...old.dependencies,
    readCode: () => handlerOf('return "new"'),
  });
  old.runner.replaceWith(successor);
  await old.runner.idle();
  assert.deepEqual(await Promise.all(calls), ['new', 'new']);
  successor.dispose(new HairspringError('HS_DRAINING', 'The test is over'));
});

test('Disposal fails what runs and what waits, once each, and a second one does nothing', async () => {
  const held = holdCalls();
  using probe = createTestFunction(handlerOf(HOLD, 'const version = "";'), {
    host: held.host,
    limits: { concurrency: 2, queue: 5 },
  });
  const calls = Array.from({ length: 5 }, () => probe.code({ subject: 'probe.held' }));
  await until(() => held.count() === 2);
  const idle = Promise.all([probe.runner.idle(), probe.runner.idle()]);
  probe.runner.dispose(new HairspringError('HS_DRAINING', 'Over'));
  probe.runner.dispose(new HairspringError('HS_INTERNAL', 'Twice'));
  assert.deepEqual(await Promise.all(calls), Array(5).fill('HS_DRAINING'));
  await idle;
  held.release();
  await turns();
  assert.equal(probe.runner.inFlight, 0);
  assert.equal(probe.finished.length, 5);
});

test('Two functions do not see each other', async () => {
  const code = moduleOf(`{ message(msg) {
    const before = [typeof globalThis.mark, typeof Array.prototype.mark];
    globalThis.mark = Array.prototype.mark = msg.subject;
    return before;
  } }`);
  using one = createTestFunction(code);
  using two = createTestFunction(code);
  for (const probe of [one, two]) assert.equal(await probe.text(), '["undefined","undefined"]');
});

test('Functions share the thread: none waits for all the work of another', async () => {
  const busy = 'const until = Date.now() + 4; while (Date.now() < until); return "busy"';
  const scheduler = new Scheduler();
  using heavy = createTestFunction(handlerOf(busy), { scheduler });
  using light = createTestFunction(handlerOf('return "light"'), { scheduler });
  await Promise.all([heavy.text(), light.text()]);
  let heavyDone = 0;
  const work = Array.from({ length: 40 }, () =>
    heavy.text().then(() => {
      heavyDone += 1;
    }),
  );
  await turns(2);
  assert.equal(await light.text(), 'light');
  assert.ok(heavyDone < 40, `${heavyDone} calls of the neighbour were done first`);
  await Promise.all(work);
});
