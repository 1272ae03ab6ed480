import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRows, type RoundWindow } from '../../../src/cli/bench/load-rows.ts';
import { noiseOf } from '../../../src/cli/bench/noise.ts';
import { type ColdPass, coldRow, idleRow, memoryRow, restingOf } from '../../../src/cli/bench/start-rows.ts';
import { metricOf } from '../../../src/measure/index.ts';

const CPU = { generator: 0.1, server: 0.2, responder: 0.5, others: 0 };

function window(
  subject: RoundWindow['subject'],
  round: number,
  perSecond: number,
  cpu: RoundWindow['cpu'] = CPU,
): RoundWindow {
  const latency = { p50Us: 1_000, p95Us: 2_000, p99Us: 3_000, maxUs: 4_000 };
  return {
    ...{ subject, round, perSecond, cpu, inFlight: 1, requests: 10, seconds: 1 },
    ...{ ...latency, wrong: 0, firstWrong: null, lost: 0 },
  };
}

test('The ratio of the function is to the floor of the same round, and its CPU is for one request', () => {
  const rows = loadRows(
    [
      ...[window('floor', 1, 1_000), window('function', 1, 500)],
      ...[window('floor', 2, 100), window('function', 2, 80)],
      ...[window('floor', 3, 10), window('function', 3, 6)],
    ],
    [1, 2, 3],
    'nats',
  );
  assert.deepEqual(
    rows.map(({ id, n }) => [id, n]),
    [
      ['load/floor?inFlight=1', 30],
      ['load/function?inFlight=1', 30],
    ],
  );
  const [floor, own] = rows;
  assert.ok(floor !== undefined && own !== undefined);
  assert.equal(metricOf(own, 'ratio'), 0.6);
  assert.equal(metricOf(own, 'cpuUs'), 6_250);
  assert.equal(metricOf(own, 'p99Ms'), 3);
  assert.equal(metricOf(own, 'insideP50Ms'), 2);
  assert.equal(metricOf(floor, 'insideP50Ms'), undefined);
});

test('A busy generator is told of, and CPU that the system does not tell is left out', () => {
  const [busy] = loadRows([window('floor', 1, 10, { ...CPU, generator: 0.95 })], [], 'http');
  assert.match(busy?.notes[0] ?? '', /load generator is busy/);
  assert.equal(busy?.title, 'bare node:http echo (floor)');
  const [untold] = loadRows([window('floor', 1, 10, null)], [], 'nats');
  assert.ok(untold !== undefined);
  assert.equal(metricOf(untold, 'cpuUs'), undefined);
  assert.deepEqual(untold.notes, []);
});

test('A machine is noisy when the floor lies far apart between rounds, or others take much of it', () => {
  const noise = (rates: readonly number[], others: number) =>
    noiseOf(
      loadRows(
        rates.map((rate, index) => window('floor', index + 1, rate, { ...CPU, others })),
        [],
        'nats',
      ),
    );
  assert.equal(noise([100, 110, 105], 0).isNoisy, false);
  assert.equal(noise([100, 150, 105], 0).isNoisy, true);
  assert.equal(noise([100, 110, 105], 1_000).isNoisy, true);
});

const pass = (more: Partial<ColdPass>): ColdPass => ({
  ...{ subject: 'pooled-isolate', coldMs: [], warmMs: [], insideMs: [], instanceBytes: undefined },
  restingBytes: undefined,
  ...more,
});

test('A start is compared with the warm requests of its own pass, and p50 is the median of passes', () => {
  const row = coldRow('pooled-isolate', 'pooled isolate', [
    pass({ coldMs: [5, 6, 7], warmMs: [1], insideMs: [4] }),
    pass({ coldMs: [9], warmMs: [2], insideMs: [] }),
    pass({ coldMs: [30, 30], warmMs: [20] }),
  ]);
  assert.equal(row.n, 6);
  assert.equal(metricOf(row, 'p50Ms'), 9);
  assert.equal(metricOf(row, 'overWarmMs'), 7);
  assert.equal(metricOf(row, 'insideP50Ms'), 4);
});

test('What a pass has too few starts for is of all starts together, so that the slowest one is in max', () => {
  const row = coldRow('pooled-isolate', 'pooled isolate', [
    pass({ coldMs: [1, 2, 3], warmMs: [1] }),
    pass({ coldMs: [1, 2, 90], warmMs: [1] }),
    pass({ coldMs: [1, 2, 4], warmMs: [1] }),
  ]);
  assert.deepEqual([metricOf(row, 'p50Ms'), metricOf(row, 'maxMs')], [2, 90]);
  assert.deepEqual(row.metrics.find(({ name }) => name === 'maxMs')?.rounds, [3, 90, 4]);
});

test('The slowest request of any round is in max', () => {
  const slow = { ...window('function', 2, 100), maxUs: 50_000 };
  const [row] = loadRows([window('function', 1, 100), slow, window('function', 3, 100)], [], 'nats');
  assert.ok(row !== undefined);
  assert.equal(metricOf(row, 'maxMs'), 50);
});

test('An idle function takes what a node with many of them holds more than one without', () => {
  const passes = [pass({ restingBytes: 1_000 }), pass({ restingBytes: 9_000, subject: 'evicted' })];
  const [row] = idleRow(10, restingOf(passes), 3_000);
  assert.ok(row !== undefined);
  assert.equal(metricOf(row, 'rssBytes'), 200);
  assert.deepEqual(idleRow(10, [1_000], undefined), []);
});

test('Starts that were not seen are a row that says so, without figures', () => {
  const row = coldRow('evicted', 'evicted and back', [pass({ subject: 'evicted' })]);
  assert.deepEqual(row.metrics, []);
  assert.deepEqual(row.notes, ['the node told of no start of this kind']);
});

test('The memory of an instance is that of the passes with pooled isolates', () => {
  const [row] = memoryRow('hello', [
    pass({ instanceBytes: 100 }),
    pass({ instanceBytes: 9_000, subject: 'new-isolate' }),
    pass({ instanceBytes: 300 }),
  ]);
  assert.ok(row !== undefined);
  assert.equal(metricOf(row, 'rssBytes'), 200);
  assert.deepEqual(memoryRow('hello', [pass({})]), []);
});
