/** The threads of the heavy lane are shared: by turns, within bounds, and given back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError } from '../../src/core/index.ts';
import { HeavyLane } from '../../src/runtime/index.ts';
import { createTestFunction, handlerOf, moduleOf } from '../support/functions.ts';
import { busy, HEAVY } from '../support/heavy-lane.ts';
import { until } from '../support/turns.ts';

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

/** The order in which entries of functions end that ask again as soon as they may, by a clock that moves only with them. */
async function orderOf(
  functions: Readonly<Record<string, { readonly tookMs: number; readonly times: number }>>,
): Promise<string> {
  let nowMs = 0;
  let order = '';
  const lane = new HeavyLane(1, { nowMs: () => nowMs });
  const repeat = async (name: string, tookMs: number, times: number): Promise<void> => {
    const who = {};
    for (let index = 0; index < times; index += 1)
      await lane.run(who, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        nowMs += tookMs;
        order += name;
      });
  };
  const all = Object.entries(functions).map(([name, { tookMs, times }]) => repeat(name, tookMs, times));
  await Promise.all(all);
  return order;
}

test('What is quick is done after each long entry of another, and does not take turns with it', async () => {
  const order = await orderOf({ L: { tookMs: 1_000, times: 4 }, q: { tookMs: 1, times: 50 } });
  assert.equal(order, `L${'q'.repeat(50)}LLL`);
});

test('A function that always waits gets as much of the time as another, however short its entries are', async () => {
  const order = await orderOf({ L: { tookMs: 1_000, times: 4 }, q: { tookMs: 10, times: 1_000 } });
  const runs = order.split('L').map(({ length }) => length);
  assert.deepEqual(runs.slice(0, 4), [0, 100, 100, 100]);
});

test('A quick function in the lane is answered between the calls of one that computes for long', async () => {
  const heavyLane = new HeavyLane(1);
  using long = createTestFunction(handlerOf(`${busy(200)} return 'long'`), { ...HEAVY, heavyLane });
  using quick = createTestFunction(handlerOf('return "quick"'), { ...HEAVY, heavyLane });
  await Promise.all([long.text(), quick.text()]);
  let longDone = 0;
  const computing = Array.from({ length: 6 }, () =>
    long.text().then(() => {
      longDone += 1;
    }),
  );
  await Promise.all(Array.from({ length: 80 }, () => quick.text()));
  assert.ok(longDone <= 3, `${longDone} long calls came before 80 quick ones were done`);
  await Promise.all(computing);
});

test('A function with several instances has no more turns in the lane than one with a single one', async () => {
  const lane = new HeavyLane(1, { nowMs: () => 0 });
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
