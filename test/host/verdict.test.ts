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
  const passed: string[] = [];
  for (let death = 1; death <= 15; death += 1) {
    const sentence = suspensions.count('f', 'HS_FUNCTION_CRASHED', death, 1 / 3);
    if (sentence !== undefined) passed.push(`${death}: ${sentence.state}, ${sentence.reason}`);
  }
  assert.deepEqual(passed, [
    '6: quarantined, it killed 2 cells within a minute (HS_FUNCTION_CRASHED)',
    '15: suspended, it killed 5 cells within a minute (HS_FUNCTION_CRASHED)',
  ]);
  assert.match(suspensions.reasonOf('f') ?? '', /killed 5 cells/);
  assert.equal(suspensions.sentenceOf('g'), undefined);
});

test('Deaths more than a minute apart are not held together, and a function that begins anew has none', () => {
  const suspensions = new Suspensions();
  for (let minute = 0; minute < 10; minute += 1)
    assert.equal(suspensions.count('f', 'HS_FUNCTION_CPU', minute * 60_000), undefined);
  assert.equal(suspensions.count('f', 'HS_FUNCTION_CPU', 540_001)?.state, 'quarantined');
  assert.equal(suspensions.reasonOf('f'), undefined, 'it is still served');
  const lifted = suspensions.lift('f');
  assert.equal(suspensions.sentenceOf('f'), undefined);
  suspensions.restore('f', lifted);
  assert.equal(suspensions.sentenceOf('f')?.state, 'quarantined');
});
