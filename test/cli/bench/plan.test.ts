import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BENCH_PARTS } from '../../../src/cli/bench/parts.ts';
import { type PlanOptions, planFor } from '../../../src/cli/bench/plan.ts';
import { DEFAULT_LIMITS, HOST_LIMITS } from '../../../src/core/index.ts';

const OPTIONS: PlanOptions = {
  durationMs: undefined,
  quick: false,
  parts: BENCH_PARTS,
  transport: 'nats',
  limits: DEFAULT_LIMITS,
  payloadBytes: 100,
  warmMs: 1,
  artifactBytes: 1_000,
};

test('A longer run has longer windows and more starts', () => {
  const short = planFor({ ...OPTIONS, durationMs: 60_000 });
  const long = planFor({ ...OPTIONS, durationMs: 120_000 });
  assert.ok(long.windowMs > short.windowMs);
  assert.ok(long.copies > short.copies);
});

test('The windows of a run are over within its duration', () => {
  for (const durationMs of [60_000, 600_000]) {
    const { rounds, levels, warmupMs, windowMs } = planFor({ ...OPTIONS, durationMs });
    assert.ok(rounds * levels.length * 2 * (warmupMs + windowMs) < durationMs);
  }
});

test('A run of load only has all its time for load, and one without starts its own', () => {
  const windowMs = (parts: PlanOptions['parts']): number =>
    planFor({ ...OPTIONS, parts, durationMs: 30_000 }).windowMs;
  const [whole, loadAndIdle, load] = [BENCH_PARTS, ['load', 'idle'], ['load']] as const;
  assert.ok(windowMs(whole) < windowMs(loadAndIdle) && windowMs(loadAndIdle) < windowMs(load));
  const { copies } = planFor({ ...OPTIONS, parts: ['starts'] });
  assert.ok(copies > planFor(OPTIONS).copies);
});

test('A slow function is asked less often, and what it takes for one request is known', () => {
  const { requestMs, insideRequests, copies } = planFor({ ...OPTIONS, warmMs: 400 });
  assert.deepEqual([requestMs, insideRequests, copies], [400, 10, 4]);
});

test('Levels that the limits of the function would refuse are left out', () => {
  const levels = (limits: Partial<PlanOptions['limits']>, payloadBytes = 100): readonly number[] =>
    planFor({ ...OPTIONS, payloadBytes, limits: { ...DEFAULT_LIMITS, ...limits } }).levels;
  assert.deepEqual(levels({}), [1, 16, 64, 256, 1_024]);
  assert.deepEqual(planFor({ ...OPTIONS, transport: 'http' }).levels, [1, 16, 64, 256]);
  assert.deepEqual(levels({ concurrency: 10, queue: 54 }), [1, 16, 64]);
  assert.deepEqual(levels({ concurrency: 1, queue: 0 }), [1]);
  assert.deepEqual(levels({}, HOST_LIMITS.backlogBytes / 16), [1, 16]);
});

test('Few copies are made of a large program, of which a cell keeps only so much', () => {
  const copies = (artifactBytes: number): number =>
    planFor({ ...OPTIONS, durationMs: 600_000, artifactBytes }).copies;
  assert.equal(copies(1_000), 100);
  assert.equal(copies(HOST_LIMITS.codeMemoryBytes), 4);
});
