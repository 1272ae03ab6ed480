import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { IdTable } from '../../src/core/index.ts';

/** Ids start anew behind this one. */
const LAST_ID = 2 ** 31 - 1;

const step = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ does: 'begin' as const }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('end' as const), which: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('return' as const), which: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.constant({ does: 'clear' as const }) },
);

test('A table holds what was put in and not taken out, from the oldest id to the newest, beyond the last of all ids', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 400 }),
      fc.constantFrom(0, 7, LAST_ID - 100),
      (steps, firstId) => {
        const table = new IdTable<{ readonly id: number; readonly count: number }>();
        /** By their count, which does not start anew. */
        const model = new Map<number, { readonly id: number; readonly count: number }>();
        const ended: { readonly id: number; readonly count: number }[] = [];
        let count = 0;
        for (const now of steps) {
          if (now.does === 'begin') {
            count += 1;
            const item = { id: ((firstId + count - 1) % LAST_ID) + 1, count };
            table.set(item.id, item);
            model.set(count, item);
          } else if (now.does === 'clear') {
            table.clear();
            model.clear();
          } else if (now.does === 'end') {
            const item = [...model.values()][now.which];
            if (item === undefined) continue;
            assert.ok(table.delete(item.id));
            model.delete(item.count);
            ended.push(item);
          } else {
            const [item] = ended.splice(now.which, 1);
            if (item === undefined) continue;
            assert.ok(!table.delete(item.id));
            table.set(item.id, item);
            model.set(item.count, item);
          }
          const expected = [...model.values()].toSorted((a, b) => a.count - b.count);
          assert.deepEqual([...table.values()], expected);
          assert.equal(table.size, expected.length);
          assert.equal(table.oldest, expected[0]);
          for (const item of expected) assert.equal(table.get(item.id), item);
          for (const { id } of ended) assert.ok(!table.has(id));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('What is taken out while a table is gone through is passed over', () => {
  const table = new IdTable<{ readonly id: number }>();
  for (let id = 1; id <= 5; id += 1) table.set(id, { id });
  const seen: number[] = [];
  for (const { id } of table.values()) {
    seen.push(id);
    table.delete(id);
    table.delete(4);
    if (id === 1) table.set(6, { id: 6 });
  }
  assert.deepEqual(seen, [1, 2, 3, 5]);
  assert.deepEqual([...table.values()], [{ id: 6 }]);
});

const oldBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ??
  Number.NaN;

test('What comes and goes through a table that is old does not grow old itself', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { readonly type: 'major' | 'minor' }) => void;
  const table = new IdTable<{ readonly numbers: readonly number[] }>();
  const inProgress = 300;
  for (let id = 1; id <= inProgress; id += 1) table.set(id, { numbers: [id] });
  collect({ type: 'major' });
  const bytesBefore = oldBytes();
  const [count, bytesEach] = [50_000, 8 * 20];
  for (let id = inProgress + 1; id <= count; id += 1) {
    table.set(id, { numbers: new Array(20).fill(id) });
    table.delete(id - inProgress);
    if (id % 1_000 === 0) collect({ type: 'minor' });
  }
  const share = (oldBytes() - bytesBefore) / (count * bytesEach);
  assert.ok(
    share < 0.1,
    `${Math.round(100 * share)} % of all that came have been moved to the old generation`,
  );
});
