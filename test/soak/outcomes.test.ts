import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUSY_ODDS, judgeOutcomes, type Outcomes } from './outcomes.ts';

function failed(outcomes: Outcomes, asked: readonly string[]): readonly string[] {
  return judgeOutcomes(outcomes, asked, BUSY_ODDS)
    .filter(({ passed }) => !passed)
    .map(({ figure }) => figure);
}

test('A function that answers as it should passes, and one that a busy machine held up now and then', () => {
  assert.deepEqual(failed({ echo: { ok: 1_000 } }, ['echo']), []);
  assert.deepEqual(failed({ echo: { ok: 991, HS_FUNCTION_TIMEOUT: 9 } }, ['echo']), []);
  assert.deepEqual(failed({ hoarder: { HS_FUNCTION_MEMORY: 4, HS_FUNCTION_TIMEOUT: 1 } }, ['hoarder']), []);
});

test('A function that fails for all of its callers, or for many, or was never heard, is seen', () => {
  assert.deepEqual(failed({ echo: { HS_INTERNAL: 1_000 } }, ['echo']), ['0 of 1000; HS_INTERNAL 1000']);
  assert.deepEqual(failed({ echo: { ok: 980, HS_FUNCTION_TIMEOUT: 20 } }, ['echo']), [
    '980 of 1000; HS_FUNCTION_TIMEOUT 20',
  ]);
  assert.deepEqual(failed({}, ['echo']), ['0 of 0']);
  assert.deepEqual(failed({ burner: { ok: 10 } }, ['burner']), ['0 of 10; ok 10']);
});

test('What no load explains is one too many', () => {
  assert.deepEqual(failed({ echo: { ok: 99_999, HS_INTERNAL: 1 } }, ['echo']), [
    '99999 of 100000; HS_INTERNAL 1',
  ]);
});

test('A function that is away now and then is there most of the time', () => {
  assert.deepEqual(failed({ blinking: { ok: 90, 'no responders': 10 } }, ['blinking']), []);
  assert.deepEqual(failed({ blinking: { ok: 10, 'no responders': 90 } }, ['blinking']), [
    '100 of 100, 10 ok',
  ]);
});
