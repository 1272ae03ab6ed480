/** The guest's table of what waits for the host, against a Map. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';

interface SlotTable {
  add(item: object): number;
  get(id: unknown): object | undefined;
  take(id: unknown): object | undefined;
}

const source = readFileSync(new URL('../../src/runtime/guest/slots.js', import.meta.url), 'utf8');
const createTable = runInNewContext(
  `const ObjectSetPrototypeOf = Object.setPrototypeOf; ${source}; () => new SlotTable()`,
) as () => SlotTable;

const notIds = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom('1', '__proto__', 'length', null, undefined, -1),
);

test('An id gives what was put there until it is taken, and nothing afterwards', () => {
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.constant({ do: 'add' as const }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const), which: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('odd' as const), id: notIds }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const table = createTable();
      const model = new Map<number, object>();
      const old: number[] = [];
      for (const now of actions) {
        if (now.do === 'add') {
          const item = {};
          const id = table.add(item);
          assert.ok(Number.isInteger(id) && id > 0 && id < 2 ** 30, String(id));
          assert.ok(!model.has(id) && !old.includes(id), 'an id is given out twice');
          model.set(id, item);
        } else if (now.do === 'take') {
          const id = [...model.keys()][now.which];
          if (id === undefined) continue;
          assert.equal(table.take(id), model.get(id));
          model.delete(id);
          old.push(id);
        } else if (typeof now.id !== 'number' || !model.has(now.id)) {
          assert.equal(table.get(now.id), undefined);
          assert.equal(table.take(now.id), undefined);
        }
      }
      for (const id of old) assert.equal(table.take(id), undefined);
      for (const [id, item] of model) assert.equal(table.get(id), item);
    }),
    { numRuns: 200 },
  );
});

test('A slot that is used for ever gives ids that differ for thousands of times, and stays one slot', () => {
  const table = createTable();
  const kept = {};
  const keptId = table.add(kept);
  const seen = new Set<number>();
  for (let turn = 0; turn < 4_000; turn += 1) {
    const id = table.add({});
    assert.ok(!seen.has(id) && id !== keptId);
    seen.add(id);
    table.take(id);
  }
  for (let turn = 0; turn < 20_000; turn += 1) table.take(table.add({}));
  assert.equal(table.get(keptId), kept);
  assert.ok(new Set([...seen].map((id) => id % 2 ** 18)).size === 1);
});
