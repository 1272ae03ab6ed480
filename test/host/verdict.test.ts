/** Whom a death is held against when several threads were inside an isolate. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suspectsOf } from '../../src/host/cells/blame.ts';
import { Suspensions } from '../../src/host/cells/suspensions.ts';

const inside = (enteredFunctionId: string | undefined, heavy: Readonly<Record<number, string>> = {}) => ({
  enteredFunctionId,
  heavyFunctionIds: new Map(Object.entries(heavy).map(([slot, id]) => [Number(slot), id])),
});

test('The function in the slot that the watchdog names is the one, whoever else was inside', () => {
  const all = inside('inline', { 1: 'one', 2: 'two' });
  assert.deepEqual(suspectsOf(all, 0), ['inline']);
  assert.deepEqual(suspectsOf(all, 2), ['two']);
});

test('Without a slot everyone who was inside comes into question, each once', () => {
  assert.deepEqual(suspectsOf(inside(undefined), undefined), []);
  assert.deepEqual(suspectsOf(inside('f'), undefined), ['f']);
  assert.deepEqual(suspectsOf(inside('f', { 1: 'f' }), undefined), ['f']);
  assert.deepEqual(suspectsOf(inside(undefined, { 2: 'two' }), undefined), ['two']);
  assert.deepEqual(suspectsOf(inside('f', { 1: 'g' }), undefined).toSorted(), ['f', 'g']);
  assert.deepEqual(suspectsOf(inside('f'), 3), ['f'], 'the journal knows nothing of that slot');
});

test('A death that may be one of several functions counts for each in part', () => {
  const suspensions = new Suspensions();
  for (let death = 1; death < 15; death += 1)
    assert.equal(suspensions.count('f', 'HS_FUNCTION_CRASHED', death, 1 / 3), undefined, `at death ${death}`);
  assert.match(suspensions.count('f', 'HS_FUNCTION_CRASHED', 15, 1 / 3) ?? '', /killed 5 cells/);
  assert.equal(suspensions.reasonOf('g'), undefined);
});
