import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WarmLimits } from '../../src/cell/evict.ts';
import { type WarmFunction, WarmInstances } from '../../src/cell/warm-instances.ts';
import { systemClock } from '../../src/core/index.ts';

/** The clock's own period does not pass within a test. */
const CLOCK = { ...systemClock, every: () => () => undefined };
const WIDE: WarmLimits = { warmInstances: 2, warmMemoryBytes: 100, idleEvictMs: 1_000_000 };

class Fake implements WarmFunction {
  readonly lastUsedMs: number;
  readonly size: number;
  warm = true;
  isAway = false;
  warmBytes = 0;
  retiredBytes = 0;

  constructor(lastUsedMs: number, size: number) {
    this.lastUsedMs = lastUsedMs;
    this.size = size;
  }

  measure(): boolean {
    if (!this.isAway) this.warmBytes = this.size;
    return !this.isAway;
  }

  tend(): void {}

  evict(): boolean {
    this.warm = false;
    this.warmBytes = 0;
    return true;
  }
}

test('What wakes is measured in the next turn, and the longest unused go for it', async () => {
  using instances = new WarmInstances(WIDE, CLOCK);
  const all = [new Fake(1, 60), new Fake(2, 30), new Fake(3, 40)];
  for (const one of all) instances.woken(one);
  assert.equal(instances.bytes, 0);
  await nextTurn();
  assert.deepEqual(
    all.map(({ warm }) => warm),
    [false, true, true],
  );
  assert.equal(instances.bytes, 70);
});

test('One that another thread is in is measured when the next one wakes', async () => {
  using instances = new WarmInstances(WIDE, CLOCK);
  const away = new Fake(1, 90);
  away.isAway = true;
  instances.woken(away);
  await nextTurn();
  assert.equal(instances.bytes, 0);
  away.isAway = false;
  instances.woken(new Fake(2, 20));
  await nextTurn();
  assert.equal(away.warm, false);
  assert.equal(instances.bytes, 20);
});

test('More instances than the limit stay for a moment when there is memory for them', async () => {
  using instances = new WarmInstances(WIDE, CLOCK);
  for (let at = 0; at < 5; at += 1) instances.woken(new Fake(at, 10));
  await nextTurn();
  assert.equal(instances.count, 5);
});

test('One that is forgotten is neither counted nor freed', async () => {
  using instances = new WarmInstances(WIDE, CLOCK);
  const kept = new Fake(1, 90);
  instances.woken(kept);
  await nextTurn();
  instances.forget(kept);
  instances.woken(new Fake(2, 90));
  await nextTurn();
  assert.equal(kept.warm, true);
  assert.equal(instances.bytes, 90);
});

test('What earlier instances hold leaves less for the warm ones', async () => {
  using instances = new WarmInstances(WIDE, CLOCK);
  const all = [new Fake(1, 40), new Fake(2, 40)];
  for (const one of all) instances.woken(one);
  const [first, second] = all;
  assert.ok(first !== undefined && second !== undefined);
  second.retiredBytes = 30;
  await nextTurn();
  assert.deepEqual([first.warm, second.warm], [false, true]);
  assert.equal(instances.bytes, 70);
});

test('However many are too many, all of them go, a few in each turn', async () => {
  using instances = new WarmInstances(WIDE, CLOCK);
  for (let at = 0; at < 50; at += 1) instances.woken(new Fake(at, 10));
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
  assert.equal(instances.bytes, 100);
});

test('What a function holds that has only earlier instances left counts until they are gone', async () => {
  using instances = new WarmInstances(WIDE, CLOCK);
  const finishing = new Fake(1, 0);
  const others = [new Fake(2, 20), new Fake(3, 30)];
  for (const one of [finishing, ...others]) instances.woken(one);
  finishing.warm = false;
  finishing.retiredBytes = 70;
  await nextTurn();
  assert.deepEqual(
    others.map(({ warm }) => warm),
    [false, true],
  );
  assert.equal(instances.bytes, 100);
});
