import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatBytes,
  formatDuration,
  HairspringError,
  parseBytes,
  parseDuration,
  parseWait,
} from '../../src/core/index.ts';

function refused(action: () => number): boolean {
  try {
    action();
    return false;
  } catch (error) {
    assert.ok(HairspringError.is(error) && error.code === 'HS_USAGE', String(error));
    assert.notEqual(error.hint, undefined);
    return true;
  }
}

test('Durations are read in their units, alone and together', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['0ms', 0],
    ['250ms', 250],
    ['5s', 5_000],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['1m30s', 90_000],
    ['1h1ms', 3_600_001],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text);
});

test('What is no duration is refused with a hint', () => {
  for (const text of [
    '',
    '5',
    's',
    '5 s',
    '-5s',
    '5S',
    '5d',
    '1e3s',
    '5s ',
    ' 5s',
    '.5s',
    '5.s',
    '5s,',
    '٥s',
  ])
    assert.ok(
      refused(() => parseDuration(text)),
      text,
    );
});

test('Every whole number of milliseconds survives being written and read', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.nat(),
        fc.maxSafeNat(),
        fc.nat(5_000).map((n) => n * 60_000),
      ),
      (ms) => {
        assert.equal(parseDuration(formatDuration(ms)), ms);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('A duration is written in the largest unit that keeps it whole', () => {
  assert.deepEqual([0, 999, 1_000, 90_000, 120_000, 7_200_000].map(formatDuration), [
    '0ms',
    '999ms',
    '1s',
    '90s',
    '2m',
    '2h',
  ]);
});

test('No text whatever becomes anything but milliseconds or a refusal', () => {
  const text = fc
    .array(fc.constantFrom('1', '9', '.', 'ms', 's', 'm', 'h', '-', ' '))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (written) => {
      if (refused(() => parseDuration(written))) return;
      const ms = parseDuration(written);
      assert.ok(Number.isInteger(ms) && ms >= 0, `${written} is ${ms}`);
    }),
    { numRuns: 2_000 },
  );
});

test('Sizes are read in binary and decimal units', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['0B', 0],
    ['100B', 100],
    ['512KiB', 524_288],
    ['64 MiB', 67_108_864],
    ['1.5GiB', 1_610_612_736],
    ['1KB', 1_000],
    ['1MB', 1_000_000],
  ];
  for (const [text, bytes] of cases) assert.equal(parseBytes(text), bytes, text);
  for (const text of ['', '5', '5kb', '5 k', '-1B', 'MiB', '1  MiB', '1MiB ', '1TiB', '1e3B'])
    assert.ok(
      refused(() => parseBytes(text)),
      text,
    );
});

test('A size that is whole in its unit survives being written and read', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1023 }),
      fc.constantFrom(1, 1024, 1024 ** 2, 1024 ** 3),
      (count, unit) => {
        assert.equal(parseBytes(formatBytes(count * unit)), count * unit);
      },
    ),
  );
});

test('What a timer cannot wait for is refused with the longest that it can', () => {
  assert.equal(parseWait('576h'), 576 * 3_600_000);
  assert.throws(() => parseWait('600h'), /Cannot wait for "600h": the longest is 576h/);
});
