import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Evictable, evictIdle, type WarmLimits } from '../../src/cell/evict.ts';

interface Fake extends Evictable {
  readonly name: string;
  readonly busy: boolean;
  gone: boolean;
}

function fake(name: string, lastUsedMs: number, warmBytes: number, busy = false): Fake {
  return {
    name,
    lastUsedMs,
    warmBytes,
    busy,
    gone: false,
    evict() {
      this.gone = !busy;
      return this.gone;
    },
  };
}

const WIDE: WarmLimits = { warmInstances: 100, warmMemoryBytes: 1e9, idleEvictMs: 1_000 };
const goneOf = (warm: readonly Fake[]): readonly string[] =>
  warm.filter(({ gone }) => gone).map(({ name }) => name);

test('The least recently used go first when instances are too many', () => {
  const warm = [fake('new', 90, 1), fake('old', 10, 1), fake('middle', 50, 1)];
  evictIdle(warm, { ...WIDE, warmInstances: 1 }, 100);
  assert.deepEqual(goneOf(warm), ['old', 'middle']);
});

test('The least recently used go until the rest is within the memory budget', () => {
  const warm = [fake('old', 10, 40), fake('older', 5, 30), fake('new', 90, 50)];
  evictIdle(warm, { ...WIDE, warmMemoryBytes: 100 }, 100);
  assert.deepEqual(goneOf(warm), ['older']);
});

test('Memory that is not to be had leaves less for the rest', () => {
  const warm = [fake('old', 10, 40), fake('new', 90, 50)];
  evictIdle(warm, { ...WIDE, warmMemoryBytes: 100 }, 100, 20);
  assert.deepEqual(goneOf(warm), ['old']);
});

test('One that works is passed over, and the next one goes instead', () => {
  const warm = [fake('busy', 1, 80, true), fake('idle', 2, 30), fake('new', 90, 30)];
  evictIdle(warm, { ...WIDE, warmMemoryBytes: 120 }, 100);
  assert.deepEqual(goneOf(warm), ['idle']);
});

test('What is left is within the limits and in use, or cannot go; and nothing goes without need', () => {
  const one = fc.record({
    lastUsedMs: fc.integer({ min: 0, max: 2_000 }),
    warmBytes: fc.integer({ min: 0, max: 100 }),
    busy: fc.boolean(),
  });
  const limitsOf = fc.record({
    warmInstances: fc.integer({ min: 0, max: 10 }),
    warmMemoryBytes: fc.integer({ min: 0, max: 500 }),
    idleEvictMs: fc.integer({ min: 1, max: 2_000 }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 12 }), limitsOf, (ones, limits) => {
      const warm = ones.map(({ lastUsedMs, warmBytes, busy }, index) =>
        fake(String(index), lastUsedMs, warmBytes, busy),
      );
      let left = warm;
      do left = left.filter(({ gone }) => !gone);
      while (evictIdle(left, limits, 2_000));
      left = left.filter(({ gone }) => !gone);
      const free = left.filter(({ busy }) => !busy);
      const bytes = left.reduce((sum, { warmBytes }) => sum + warmBytes, 0);
      const isOver = left.length > limits.warmInstances || bytes > limits.warmMemoryBytes;
      assert.ok(!isOver || free.length === 0);
      assert.ok(free.every(({ lastUsedMs }) => 2_000 - lastUsedMs < limits.idleEvictMs));
      const isWide = warm.length <= limits.warmInstances && limits.warmMemoryBytes >= 500;
      for (const { gone, lastUsedMs } of warm)
        if (gone && isWide && warm.reduce((sum, { warmBytes }) => sum + warmBytes, 0) <= 500)
          assert.ok(2_000 - lastUsedMs >= limits.idleEvictMs);
    }),
  );
});

test('So many are freed at once that the thread is not held for long, and the rest is for the next turn', () => {
  const warm = Array.from({ length: 20 }, (_, at) => fake(`f${at}`, at, 1));
  const limits = { ...WIDE, warmInstances: 5 };
  assert.equal(evictIdle(warm, limits, 100), true);
  assert.equal(goneOf(warm).length, 8);
  const left = (): Fake[] => warm.filter(({ gone }) => !gone);
  assert.equal(evictIdle(left(), limits, 100), false);
  assert.equal(left().length, 5);
});
