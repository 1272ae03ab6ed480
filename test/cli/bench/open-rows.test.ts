import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OpenRound, openRows } from '../../../src/cli/bench/open-rows.ts';
import { metricOf, type OpenLoadWindow } from '../../../src/measure/index.ts';

interface Seen extends Partial<OpenLoadWindow> {
  readonly round?: number;
}

/** At so much of 1,000 a second, all answered within a millisecond unless `seen` says otherwise. */
function at(percent: number, { round = 1, ...seen }: Seen = {}): OpenRound {
  const perSecond = percent * 10;
  const window: OpenLoadWindow = {
    ...{ requests: perSecond, seconds: 1, perSecond, wrong: 0, firstWrong: null, lost: 0, cpu: null },
    ...{ p50Us: 500, p95Us: 700, p99Us: 1_000, maxUs: 2_000, held: 0, lagP99Us: 10 },
    ...seen,
  };
  return { round, percent, perSecond, window };
}

function kneeOf(rounds: readonly OpenRound[]): number | undefined {
  const row = openRows(rounds, 64).find(({ params }) => params['point'] === 'knee');
  return row === undefined ? undefined : metricOf(row, 'kneePerSecond');
}

test('The knee is the last rate before the first one that is not answered, or answered late', () => {
  assert.equal(kneeOf([at(25), at(50), at(75)]), 750);
  assert.equal(kneeOf([at(25), at(50, { perSecond: 400 }), at(75)]), 250);
  assert.equal(kneeOf([at(25), at(50), at(75, { p99Us: 22_000 })]), 500);
  assert.equal(kneeOf([at(25, { p99Us: 90_000 }), at(50, { p99Us: 109_000 })]), 500, 'a slow function');
  assert.equal(kneeOf([at(25), { round: 1, percent: 50, perSecond: 500, refused: 'HS_X' }]), 250);
  assert.equal(kneeOf([at(25, { perSecond: 10 })]), 0);
});

test('Replies that are under way when a short window ends are not late', () => {
  const short = { seconds: 0.25, p99Us: 10_000 };
  assert.equal(kneeOf([at(25, { ...short, perSecond: 242 }), at(50, { ...short, perSecond: 485 })]), 500);
  assert.equal(kneeOf([at(25, { ...short, perSecond: 242 }), at(50, { ...short, perSecond: 400 })]), 250);
});

test('Each rate is a row by the median of the rounds, with the slowest request of all of them', () => {
  const rounds = [
    at(50, { maxUs: 3_000 }),
    at(50, { round: 2, p99Us: 5_000, maxUs: 80_000 }),
    at(50, { round: 3, p99Us: 9_000 }),
  ];
  const [row] = openRows(rounds, 64);
  assert.ok(row !== undefined);
  assert.equal(row.id, 'open-loop/function?percentOfMax=50');
  assert.deepEqual(
    ['offeredPerSecond', 'p99Ms', 'maxMs'].map((name) => metricOf(row, name)),
    [500, 5, 80],
  );
});

test('Arrivals that waited, a late generator and refusals are told of once, from the lowest rate on', () => {
  const refused = { round: 1, percent: 110, perSecond: 1_100, refused: 'HS_FUNCTION_OVERLOADED' };
  const rows = openRows([at(75, { held: 3 }), at(100, { held: 9, lagP99Us: 9_000 }), refused], 64);
  assert.deepEqual(
    rows.flatMap(({ notes }) => notes),
    [
      'at fixed rates, from 110 % of its most on the function answers with HS_FUNCTION_OVERLOADED',
      'at fixed rates, from 75 % of its most on arrivals waited while 64 had no reply; it counts as latency',
      'at fixed rates, from 100 % of its most on the load generator was late itself',
    ],
  );
});
