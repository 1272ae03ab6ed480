import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OpenWindow, openLoopRows } from '../../bench/tiers/open-loop-rows.ts';
import { metricOf } from '../../src/measure/index.ts';

function windowAt(percent: number, more: Partial<OpenWindow> = {}): OpenWindow {
  const offeredPerSecond = percent * 100;
  return {
    ...{ round: 1, target: 'echo-function', percent, offeredPerSecond, payloadBytes: 100 },
    ...{ requests: offeredPerSecond, seconds: 1, perSecond: offeredPerSecond, cpu: null },
    ...{ p50Us: 500, p95Us: 900, p99Us: 1_000, maxUs: 2_000, lagP99Us: 50 },
    ...{ held: 0, maxOutstanding: 1_024, wrong: 0, firstWrong: null, lost: 0 },
    ...more,
  };
}

test('The knee of each round is the highest rate that was answered, and in time', () => {
  const rows = openLoopRows([
    ...[windowAt(50), windowAt(80), windowAt(100, { perSecond: 9_000 }), windowAt(110, { p99Us: 30_000 })],
    ...[windowAt(50, { round: 2 }), windowAt(80, { round: 2, p99Us: 30_000 }), windowAt(100, { round: 2 })],
    ...[windowAt(50, { round: 3, perSecond: 1 })],
  ]);
  const knee = rows.find(({ params }) => params['point'] === 'knee');
  assert.equal(knee?.id, 'open-loop/echo-function?point=knee&payloadBytes=100');
  assert.deepEqual(knee.metrics.find(({ name }) => name === 'kneePerSecond')?.rounds, [8_000, 10_000, 0]);
});

test('A rate has a row with what was offered and what was answered', () => {
  const [row] = openLoopRows([windowAt(70, { perSecond: 6_990 })]);
  assert.equal(row?.id, 'open-loop/echo-function?percentOfMax=70&payloadBytes=100');
  const figures = ['offeredPerSecond', 'perSecond', 'p99Ms'].map((name) => metricOf(row, name));
  assert.deepEqual(figures, [7_000, 6_990, 1]);
  assert.deepEqual(row.notes, []);
});

test('Larger payloads have rows of their own, and too few rates to see a knee', () => {
  const large = { payloadBytes: 512_000, maxOutstanding: 32, held: 3 };
  const rows = openLoopRows([...[30, 50, 80].map((percent) => windowAt(percent)), windowAt(50, large)]);
  const last = rows.at(-1);
  assert.equal(last?.id, 'open-loop/echo-function?percentOfMax=50&payloadBytes=512000');
  assert.equal(last.title, 'echo function, 50 % of its closed-loop maximum, 512 KB');
  assert.match(last.notes[0] ?? '', /because 32 requests had no reply yet/);
  assert.equal(rows.filter(({ params }) => params['point'] === 'knee').length, 1);
});

test('Arrivals that had to wait and a late generator are noted', () => {
  const [row] = openLoopRows([windowAt(100, { held: 7, lagP99Us: 3_000, lost: 2 })]);
  assert.deepEqual(row?.notes, [
    '0 wrong replies and 2 lost requests',
    '7 of 10000 arrivals waited, because 1,024 requests had no reply yet',
    'The load generator was late itself in 1 of 1 rounds, by up to 3.0 ms at p99',
  ]);
});
