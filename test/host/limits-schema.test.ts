import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FunctionLimits, formatDuration, LIMIT_RANGES } from '../../src/core/index.ts';
import { limitsSchema, limitsToWire } from '../../src/host/manifest/limits-schema.ts';

const NAMES = Object.keys(LIMIT_RANGES) as (keyof FunctionLimits)[];

const limits: fc.Arbitrary<FunctionLimits> = fc
  .tuple(...NAMES.map((name) => fc.integer(LIMIT_RANGES[name])))
  .map(
    (values) => Object.fromEntries(NAMES.map((name, at) => [name, values[at]])) as unknown as FunctionLimits,
  )
  .filter(({ cpuMs, timeoutMs }) => cpuMs <= timeoutMs);

test('Limits survive being written and read, to the byte and the millisecond', () => {
  fc.assert(
    fc.property(limits, (given) => {
      assert.deepEqual(limitsSchema.parse(limitsToWire(given)), given);
    }),
    { numRuns: 300 },
  );
});

test('What is beyond its range is refused, and what is at its end is taken', () => {
  const wireNames = {
    timeoutMs: 'timeout',
    cpuMs: 'cpu',
    memoryBytes: 'memory',
    payloadBytes: 'payload',
  } as const;
  for (const [name, wireName] of Object.entries(wireNames)) {
    const { min, max } = LIMIT_RANGES[name as keyof typeof wireNames];
    const write = (value: number): string => (name.endsWith('Ms') ? formatDuration(value) : `${value}B`);
    const longest = wireName === 'cpu' ? { timeout: formatDuration(LIMIT_RANGES.timeoutMs.max) } : {};
    for (const value of [min, max])
      assert.ok(limitsSchema.safeParse({ ...longest, [wireName]: write(value) }).success, name);
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(min - 1), fc.integer({ min: max + 1, max: Number.MAX_SAFE_INTEGER })),
        (value) => {
          assert.equal(
            limitsSchema.safeParse({ [wireName]: write(value) }).success,
            false,
            `${name} ${value}`,
          );
        },
      ),
      { numRuns: 50 },
    );
  }
  for (const [name, values] of [
    ['concurrency', [0, -1, 1_001, 1.5, '1', null, Number.NaN]],
    ['queue', [-1, 100_001, 0.5, '0']],
  ] as const)
    for (const value of values)
      assert.equal(limitsSchema.safeParse({ [name]: value }).success, false, `${name} ${value}`);
});

test('A cpu that is longer than the time-out is refused, and one that is as long is taken', () => {
  assert.equal(limitsSchema.safeParse({ timeout: '20ms', cpu: '21ms' }).success, false);
  assert.ok(limitsSchema.safeParse({ timeout: '20ms', cpu: '20ms' }).success);
});

test('No text whatever is taken for a limit that is not in its range', () => {
  const text = fc
    .array(
      fc.constantFrom('1', '0', '9', '.', 'ms', 's', 'm', 'h', 'B', 'KiB', 'MiB', 'GiB', '-', ' ', 'e'),
      { maxLength: 6 },
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.constantFrom('timeout', 'cpu', 'memory', 'payload'), text, (name, written) => {
      const read = limitsSchema.safeParse({ [name]: written });
      if (!read.success) return;
      for (const each of NAMES) {
        const { min, max } = LIMIT_RANGES[each];
        assert.ok(
          Number.isInteger(read.data[each]) && read.data[each] >= min && read.data[each] <= max,
          each,
        );
      }
    }),
    { numRuns: 1_000 },
  );
});
