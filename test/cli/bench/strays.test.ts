import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUSY_CODES, busyHint, isBurst, type Replies, Strays } from '../../../src/cli/bench/strays.ts';
import { HairspringError } from '../../../src/core/index.ts';

const CODES = [['HS_FUNCTION_CPU', 1]] as const;
const replies = (more: Partial<Replies>): Replies => ({
  ...{ where: 'at 16 in flight', requests: 1_000, bad: 0, codes: [], text: 'first' },
  ...more,
});

function failure(more: Partial<Replies>): HairspringError {
  try {
    new Strays().judge('hello', replies(more));
  } catch (error) {
    assert.ok(HairspringError.is(error));
    return error;
  }
  return assert.fail('it was let pass');
}

test('Errors that a busy machine explains are counted over all requests of a kind', () => {
  const strays = new Strays();
  strays.judge('hello', replies({}));
  strays.judge('hello', replies({ bad: 1, codes: CODES }));
  strays.judge('hello', replies({ bad: 10, codes: [...CODES, ['HS_FUNCTION_TIMEOUT', 9]] }));
  strays.judge('hello', replies({ where: 'one after the other', requests: 24, bad: 1, codes: CODES }));
  strays.judge('hello', replies({ where: 'at 64 in flight' }));
  assert.deepEqual(strays.list(), [
    { where: 'at 16 in flight', code: 'HS_FUNCTION_CPU', count: 2, of: 3_000 },
    { where: 'at 16 in flight', code: 'HS_FUNCTION_TIMEOUT', count: 9, of: 3_000 },
    { where: 'one after the other', code: 'HS_FUNCTION_CPU', count: 1, of: 24 },
  ]);
});

test('More than one in a hundred of them end the run with their code, and a hint that fits', () => {
  const error = failure({ bad: 11, codes: [['HS_FUNCTION_CPU', 11]] });
  assert.equal(error.code, 'HS_FUNCTION_CPU');
  assert.equal(
    error.message,
    'Cannot measure "hello": 11 of 1000 requests at 16 in flight were answered with HS_FUNCTION_CPU; the first: first',
  );
  assert.match(error.hint ?? '', /limits\.cpu in the Nexfile\. Where the machine was busy, measure again/);
  assert.equal(failure({ requests: 24, bad: 2, codes: [['HS_FUNCTION_CPU', 2]] }).code, 'HS_FUNCTION_CPU');
});

test('One error of another kind, and one request without a reply, end the run', () => {
  const thrown = failure({ bad: 2, codes: [...CODES, ['HS_FUNCTION_THREW', 1]] });
  assert.equal(thrown.code, 'HS_FUNCTION_THREW');
  assert.match(thrown.message, /2 of 1000 requests .* with HS_FUNCTION_CPU \(1\), HS_FUNCTION_THREW \(1\);/);
  assert.match(failure({ bad: 2, codes: CODES }).message, /with HS_FUNCTION_CPU, and 1 had no reply;/);
  const silent = failure({ bad: 1, text: '' });
  assert.equal(silent.code, 'HS_FUNCTION_NO_REPLY');
  assert.match(silent.message, /1 of 1000 requests at 16 in flight had no reply$/);
  assert.equal(failure({ bad: 1, codes: [['status 500', 1]] }).code, 'HS_FUNCTION_NO_REPLY');
});

test('Many errors of a held thread may be one burst, and are not when there is another one among them', () => {
  const many = replies({ requests: 16, bad: 16, codes: [['HS_FUNCTION_CPU', 16]] });
  assert.equal(isBurst(many), true);
  assert.equal(isBurst({ ...many, bad: 17 }), false);
  assert.equal(isBurst({ ...many, codes: [['HS_FUNCTION_TIMEOUT', 16]] }), false);
  assert.equal(isBurst(replies({ bad: 2, codes: [['HS_FUNCTION_CPU', 2]] })), false);
  const strays = new Strays();
  strays.count(many);
  assert.deepEqual(strays.list(), [{ where: 'at 16 in flight', code: 'HS_FUNCTION_CPU', count: 16, of: 16 }]);
});

test('Only errors that the request is not to blame for have a hint of the machine', () => {
  for (const code of BUSY_CODES) assert.match(busyHint(code) ?? '', /busy/, code);
  assert.equal(busyHint('HS_FUNCTION_THREW'), undefined);
});
