import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseBenchOptions } from '../../bench/plan.ts';
import { renderReport } from '../../bench/report/document.ts';
import { summarize } from '../../bench/report/summary.ts';
import type { BenchResults } from '../../bench/results.ts';
import { Histogram } from '../../src/measure/index.ts';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const run = promisify(execFile);

test('The bench measures the floor and writes all raw figures as JSON', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-bench-test-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'results.json');
  const options = ['--quick', '--only', 'floor', '--rounds', '1', '--window-ms', '100', '--json', file];
  const { stdout } = await run(process.execPath, [MAIN, ...options]);

  const results = JSON.parse(await readFile(file, 'utf8')) as BenchResults;
  assert.deepEqual(
    results.windows.map(({ target, inFlight, round }) => [target, inFlight, round]),
    [
      ['echo-floor', 1, 1],
      ['echo-floor', 64, 1],
      ['echo-floor', 256, 1],
    ],
  );
  for (const { requests, wrong, lost, p50Us, p99Us, maxUs } of results.windows) {
    assert.ok(requests > 0);
    assert.equal(wrong + lost, 0);
    assert.ok(p50Us > 0 && p50Us <= p99Us && p99Us <= maxUs);
  }
  assert.match(stdout, /^bare nats\.js echo \(floor\) +256 /m);
  assert.match(renderReport(results), /^\| bare nats\.js echo \(floor\) \| 256 \|/m);
});

test('The ratio of a function is the median over the rounds, each to the floor of the same round', () => {
  const window = (target: 'echo-floor' | 'echo-function', round: number, perSecond: number) => ({
    ...{ target, round, perSecond, inFlight: 256, requests: 1, seconds: 1, p50Us: 1, p99Us: 1, maxUs: 1 },
    ...{ wrong: 0, firstWrong: null, lost: 0, cpu: null },
  });
  const summary = summarize({
    ...emptyResults(),
    windows: [
      ...[window('echo-floor', 1, 100), window('echo-function', 1, 50)],
      ...[window('echo-floor', 2, 1_000), window('echo-function', 2, 600)],
      ...[window('echo-floor', 3, 10), window('echo-function', 3, 9)],
    ],
  });
  assert.equal(summary.load.find(({ target }) => target === 'echo-function')?.ratio, 0.6);
  assert.deepEqual(summary.verdicts, [{ bar: 'warmRatio', value: 0.6, passed: true }]);
});

test('A cold start is compared with the warm requests of the same tier', () => {
  const [pooled] = summarize({
    ...emptyResults(),
    coldRuns: [{ round: 1, tier: 'pooled-isolate', coldMs: [3, 2, 4], warmMs: [1, 1, 1, 9] }],
  }).cold;
  assert.deepEqual([pooled?.p50Ms, pooled?.warmP50Ms, pooled?.overWarmMs], [3, 1, 2]);
});

test('A histogram gives percentiles to a little over one per cent', () => {
  const histogram = new Histogram();
  for (let microseconds = 1; microseconds <= 10_000; microseconds += 1) histogram.record(microseconds);
  for (const [fraction, exact] of [
    [0.5, 5_000],
    [0.99, 9_900],
    [1, 10_000],
  ] as const) {
    const found = histogram.percentile(fraction);
    assert.ok(Math.abs(found / exact - 1) < 0.012, `${fraction}: ${found}`);
  }
});

test('A tier that does not exist is refused with the names of those that do', () => {
  assert.throws(() => parseBenchOptions(['--only', 'luke-warm']), /"luke-warm" is none of floor, warm/);
});

function emptyResults(): BenchResults {
  const text = '';
  return {
    format: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    durationSeconds: 1,
    machine: {
      ...{ cpu: text, cores: 2, memoryBytes: 1, platform: text, node: text, v8: text, isolatedVm: text },
      ...{ natsServer: text, natsClient: text, hairspring: text, commit: text },
    },
    plan: parseBenchOptions([]).plan,
    windows: [],
    coldRuns: [],
    cellRuns: [],
    density: null,
    isolates: null,
  };
}
