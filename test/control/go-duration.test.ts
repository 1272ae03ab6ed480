import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatGoDuration, parseGoDuration } from '../../src/control/index.ts';

test('Durations are read as Go writes them', () => {
  for (const [text, ms] of [
    ['0', 0],
    ['0s', 0],
    ['1m0s', 60_000],
    ['1h2m3.5s', 3_723_500],
    ['250ms', 250],
    ['1500us', 1.5],
    ['2µs', 0.002],
    ['.5s', 500],
    ['+3s', 3_000],
  ] as const) {
    assert.equal(parseGoDuration(text), ms, text);
  }
});

test('What is not a duration, or is a negative one, is refused', () => {
  for (const text of ['', '1', 's', '1 s', '1m x', '-1s', '1d', '1e3s', '++1s', '600h']) {
    assert.throws(() => parseGoDuration(text), { code: 'HS_REQUEST_INVALID' }, text);
  }
});

test('Durations are written as Go writes them', () => {
  for (const [ms, text] of [
    [0, '0s'],
    [-5, '0s'],
    [350, '350ms'],
    [60_000, '1m0s'],
    [61_500, '1m1.5s'],
    [3_605_000, '1h0m5s'],
  ] as const) {
    assert.equal(formatGoDuration(ms), text);
  }
});
