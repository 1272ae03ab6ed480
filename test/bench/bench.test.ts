import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { estimateSeconds } from '../../bench/estimate.ts';
import { parseBenchOptions } from '../../bench/options.ts';
import { judgeBars } from '../../bench/report/bars.ts';
import type { BenchResults } from '../../bench/results.ts';
import { coldRow } from '../../bench/tiers/cold-rows.ts';
import { loadRows } from '../../bench/tiers/load-rows.ts';
import { Histogram, metricOf } from '../../src/measure/index.ts';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const run = promisify(execFile);

test('The bench measures the floor and writes its rows as JSON', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-bench-test-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'results.json');
  const html = join(folder, 'report.html');
  const options = ['--quick', '--only', 'floor', '--rounds', '1', '--window-ms', '100'];
  options.push('--json', file, '--html', html, '--no-plots');
  const { stdout } = await run(process.execPath, [MAIN, ...options]);

  const results = JSON.parse(await readFile(file, 'utf8')) as BenchResults;
  assert.equal(results.format, 2);
  assert.deepEqual(
    results.rows.map(({ id }) => id),
    [
      '1&payloadBytes=100',
      '64&payloadBytes=100',
      '256&payloadBytes=100',
      '64&payloadBytes=10000',
      '16&payloadBytes=512000',
    ].map((load) => `load/echo-floor?inFlight=${load}`),
  );
  for (const row of results.rows) {
    const figures = ['p50Ms', 'p95Ms', 'p99Ms', 'maxMs'].map((name) => metricOf(row, name) ?? Number.NaN);
    assert.ok(row.n > 0);
    assert.ok((metricOf(row, 'perSecond') ?? 0) > 0);
    assert.ok((figures[0] ?? 0) > 0);
    assert.deepEqual(
      figures,
      figures.toSorted((a, b) => a - b),
    );
    assert.deepEqual(
      row.notes.filter((note) => note.includes('lost')),
      [],
    );
    for (const { rounds } of row.metrics) assert.equal(rounds.length, 1);
  }
  assert.match(stdout, /^bare nats\.js echo \(floor\) +256 /m);
  assert.match(await readFile(html, 'utf8'), /<td>bare nats\.js echo \(floor\)<\/td><td>256<\/td>/);
});

test('The ratio of a function is the median over the rounds, each to the floor of the same round', () => {
  const window = (target: 'echo-floor' | 'echo-function', round: number, perSecond: number) => ({
    ...{ target, round, perSecond, inFlight: 256, payloadBytes: 100, requests: 1, seconds: 1 },
    ...{ p50Us: 1, p95Us: 1, p99Us: 1, maxUs: 1, wrong: 0, firstWrong: null, lost: 0, cpu: null },
  });
  const rows = loadRows([
    ...[window('echo-floor', 1, 100), window('echo-function', 1, 50)],
    ...[window('echo-floor', 2, 1_000), window('echo-function', 2, 600)],
    ...[window('echo-floor', 3, 10), window('echo-function', 3, 9)],
  ]);
  const [floor, ours] = rows;
  assert.deepEqual([floor?.subject, ours?.subject, rows.length], ['echo-floor', 'echo-function', 2]);
  const ratio = ours?.metrics.find(({ name }) => name === 'ratio');
  assert.deepEqual([ratio?.value, ratio?.rounds], [0.6, [0.5, 0.6, 0.9]]);
  assert.deepEqual(
    judgeBars(rows).map(({ bar, value, passed }) => [bar.title, value, passed]),
    [['Echo function over its floor, 256 in flight', 0.6, true]],
  );
});

test('Wrong and lost replies of any round are noted in the row', () => {
  const window = (round: number, wrong: number, firstWrong: string | null) => ({
    ...{ target: 'echo-floor' as const, round, perSecond: 1, inFlight: 1, payloadBytes: 100, requests: 1 },
    ...{ p50Us: 1, p95Us: 1, p99Us: 1, maxUs: 1, seconds: 1, wrong, firstWrong, lost: 1, cpu: null },
  });
  const [row] = loadRows([window(1, 0, null), window(2, 3, 'no such thing')]);
  assert.deepEqual(row?.notes, ['3 wrong replies (the first: no such thing) and 2 lost requests']);
});

test('A cold start is compared with the warm requests of the same pass', () => {
  const params = { code: 'javascript', bundleBytes: 5_000, hostCalls: 0 };
  const inside = { insideColdMs: [2], insideWarmMs: [1], wakeMs: [0.5] };
  const row = coldRow({ subject: 'pooled-isolate', title: 'pooled', params }, [
    { coldMs: [3, 2, 4], warmMs: [1, 1, 1, 9], ...inside },
    { coldMs: [30, 20, 40], warmMs: [29.5], ...inside },
    { coldMs: [5], warmMs: [1], ...inside },
  ]);
  const overWarm = row.metrics.find(({ name }) => name === 'overWarmMs');
  assert.deepEqual(overWarm?.rounds, [2, 0.5, 4]);
  assert.deepEqual([row.n, metricOf(row, 'p50Ms'), metricOf(row, 'warmP50Ms')], [7, 5, 1]);
  assert.deepEqual(
    judgeBars([row]).map(({ bar, value, passed }) => [bar.title, value, passed]),
    [['Cold by pooled isolate, 5 KB, p50 over warm p50', 2, false]],
  );
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

test('By the estimate a full pass takes less than 15 minutes and a quick one less than two', () => {
  for (const [args, limitSeconds] of [
    [[], 900],
    [['--quick'], 120],
  ] as const) {
    const expected = estimateSeconds(parseBenchOptions(args).plan);
    assert.ok(expected > limitSeconds / 4 && expected < limitSeconds, `${args}: ${expected} s`);
  }
});

test('A tier that does not exist is refused with the names of those that do', () => {
  assert.throws(() => parseBenchOptions(['--only', 'luke-warm']), /"luke-warm" is none of floor, warm/);
});
