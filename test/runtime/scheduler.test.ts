/** Who gets the thread, by a clock that moves only while somebody works. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scheduler } from '../../src/runtime/index.ts';

/** A thread on which time passes only by work, and where something may arrive whenever the sockets are read. */
function createWorld() {
  let nowMs = 0;
  const planned: (() => void)[] = [];
  const arrivals: { readonly atMs: number; readonly arrive: () => void }[] = [];
  const scheduler = new Scheduler({
    nowMs: () => nowMs,
    afterReading: (action) => planned.push(action),
  });
  return {
    scheduler,
    now: () => nowMs,
    /** A function whose entries take `entryMs`, and which has work as long as `jobs` says so. */
    runnable(entryMs: number, jobs: { count: number }, onEntry: () => void = () => undefined) {
      return {
        heldMs: 0,
        runOnce: () => {
          nowMs += entryMs;
          jobs.count -= 1;
          onEntry();
          return jobs.count > 0;
        },
      };
    },
    at: (atMs: number, arrive: () => void) => void arrivals.push({ atMs, arrive }),
    /** Turns of the event loop until `untilMs`; one without work takes a tenth of a millisecond. */
    run(untilMs: number): void {
      while (nowMs < untilMs) {
        for (const arrival of arrivals.splice(0)) {
          if (arrival.atMs <= nowMs) arrival.arrive();
          else arrivals.push(arrival);
        }
        const actions = planned.splice(0);
        if (actions.length === 0) nowMs += 0.1;
        for (const action of actions) action();
      }
    },
  };
}

const always = (): { count: number } => ({ count: Number.POSITIVE_INFINITY });

test('A quiet function waits for the entry in progress, however many others are saturated', () => {
  const world = createWorld();
  for (let index = 0; index < 20; index += 1) world.scheduler.mark(world.runnable(2, always()));
  const jobs = { count: 0 };
  const waits: number[] = [];
  let arrivedMs = 0;
  const quiet = world.runnable(0.05, jobs, () => waits.push(world.now() - arrivedMs));
  for (let index = 1; index <= 50; index += 1)
    world.at(index * 5.3, () => {
      arrivedMs = index * 5.3;
      jobs.count += 1;
      world.scheduler.mark(quiet);
    });
  world.run(400);
  assert.equal(waits.length, 50);
  assert.ok(Math.max(...waits) <= 4.2, `it waited up to ${Math.max(...waits).toFixed(2)} ms`);
});

test('Saturated functions get the same share of the thread, whatever their entries take', () => {
  const world = createWorld();
  const held = [0.2, 1, 5].map((entryMs) => {
    const share = { ms: 0 };
    world.scheduler.mark(
      world.runnable(entryMs, always(), () => {
        share.ms += entryMs;
      }),
    );
    return share;
  });
  world.run(3_000);
  for (const { ms } of held) assert.ok(Math.abs(ms - 1_000) < 30, held.map((share) => share.ms).join(' '));
});

test('A function that comes back after a pause does not make up for it', () => {
  const world = createWorld();
  const jobs = { count: 1 };
  const shares = { busy: 0, back: 0 };
  world.scheduler.mark(
    world.runnable(1, always(), () => {
      shares.busy += 1;
    }),
  );
  const back = world.runnable(1, jobs, () => {
    shares.back += 1;
  });
  world.scheduler.mark(back);
  world.run(1_000);
  const before = { ...shares };
  jobs.count = Number.POSITIVE_INFINITY;
  world.scheduler.mark(back);
  world.run(1_100);
  assert.ok(shares.busy - before.busy >= 45, `the other had ${shares.busy - before.busy} of 100 ms`);
  assert.ok(shares.back - before.back >= 45, `it had ${shares.back - before.back} of 100 ms`);
});

test('The sockets are read after a millisecond of work', () => {
  const planned: (() => void)[] = [];
  let nowMs = 0;
  const scheduler = new Scheduler({ nowMs: () => nowMs, afterReading: (action) => planned.push(action) });
  let entries = 0;
  for (let index = 0; index < 100; index += 1)
    scheduler.mark({
      heldMs: 0,
      runOnce: () => {
        entries += 1;
        nowMs += 0.3;
        return false;
      },
    });
  planned.shift()?.();
  assert.equal(entries, 4);
  assert.equal(planned.length, 1);
  while (planned.length > 0) planned.shift()?.();
  assert.equal(entries, 100);
});

test('One that is removed is entered no more', () => {
  const planned: (() => void)[] = [];
  const scheduler = new Scheduler({ afterReading: (action) => planned.push(action) });
  const runnable = { heldMs: 0, runOnce: () => assert.fail('it was entered') };
  scheduler.mark(runnable);
  scheduler.remove(runnable);
  planned.shift()?.();
  assert.equal(planned.length, 0);
});

test('A function shares the thread with another that has run within a tenth of a second, and not with itself', () => {
  const world = createWorld();
  const { scheduler } = world;
  const once = (): Parameters<typeof scheduler.mark>[0] => world.runnable(1, { count: 1 });
  const [one, two] = [once(), once()];
  const seen: boolean[] = [];
  const run = (runnable: typeof one, untilMs: number): void => {
    scheduler.mark(runnable);
    world.run(untilMs);
    seen.push(scheduler.isShared(one));
  };
  run(one, 10);
  run(one, 20);
  run(two, 30);
  run(one, 60);
  run(one, 200);
  assert.deepEqual(seen, [false, false, true, true, false]);
  scheduler.mark(two);
  world.run(210);
  scheduler.remove(two);
  assert.equal(scheduler.isShared(one), true, 'it was there a moment ago');
});
