import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highest, latencyMetrics } from '../../bench/tiers/latency.ts';

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);
const valuesOf = (metrics: ReturnType<typeof latencyMetrics>): Readonly<Record<string, number>> =>
  Object.fromEntries(metrics.map(({ name, value }) => [name, value]));

test('p50 is the median of the rounds, and what lies beyond is of all samples together', () => {
  const rounds = [range(1, 60), range(1, 60).map((value) => value + 100)];
  assert.deepEqual(valuesOf(latencyMetrics(rounds)), { p50Ms: 80, p95Ms: 154, p99Ms: 159, maxMs: 160 });
});

test('A percentile that the samples are too few for is left out', () => {
  assert.deepEqual(Object.keys(valuesOf(latencyMetrics([range(1, 45), range(1, 45)]))), [
    'p50Ms',
    'p95Ms',
    'maxMs',
  ]);
  assert.deepEqual(Object.keys(valuesOf(latencyMetrics([range(1, 8)], 'wake'))), ['wakeP50Ms', 'wakeMaxMs']);
});

test('The highest is that of all rounds, and not the middle one', () => {
  assert.equal(highest([{ maxUs: 1_000 }, { maxUs: 9_000 }, { maxUs: 2_000 }]).value, 9);
});
