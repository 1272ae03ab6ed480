/** The tiers that start hosts of their own, each with a plan of seconds against a real server and real cells. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBenchOptions } from '../../bench/options.ts';
import type { Plan } from '../../bench/plan.ts';
import { measureCells } from '../../bench/tiers/cells.ts';
import { measureCold } from '../../bench/tiers/cold.ts';
import { measureDensity } from '../../bench/tiers/density.ts';
import { measureFairness } from '../../bench/tiers/fairness.ts';
import { measureLoad } from '../../bench/tiers/load.ts';
import { measureObservation } from '../../bench/tiers/observation.ts';
import { metricOf, type Row } from '../../src/measure/index.ts';

const PLAN: Plan = {
  ...parseBenchOptions(['--quick']).plan,
  warmupMs: 20,
  coldFunctions: 2,
  coldFunctionsOfKind: 1,
  coldPauseMs: 1,
  idleCounts: [12],
  deployedFunctions: 4,
  warmFunctions: 6,
  warmMemoryBytes: 8 * 1024 ** 2,
  cellCounts: [1, 2],
  cellWindowMs: 400,
  settleMs: 50,
  firstWarmupMs: 100,
  openPercents: [],
  largeOpenPercents: [50],
  observationRounds: 1,
  fairnessRounds: 1,
};
const RUN = { plan: PLAN, progress: () => undefined };
/** A dozen hosts start in them, one after the other. */
const TIMES = { timeout: 180_000 };
const SYSTEM = { ...TIMES, skip: process.platform === 'linux' ? false : 'memory is read in /proc' };

/** Differences between figures that lie close together, and processors that have nothing to do. */
const MAY_BE_ZERO = /^(?:over|extra|bytesPer|cores)/;

/** Every figure is a number, and above 0 where it can be nothing else. */
function assertFigures(rows: readonly Row[]): void {
  for (const { id, metrics } of rows) {
    assert.ok(metrics.length > 0, id);
    for (const { name, value, rounds } of metrics) {
      for (const figure of [value, ...rounds]) {
        assert.ok(Number.isFinite(figure), `${id} ${name} is ${figure}`);
        assert.ok(figure > 0 || MAY_BE_ZERO.test(name), `${id} ${name} is ${figure}`);
      }
    }
  }
}

function countsOf(rows: readonly Row[]): Readonly<Record<string, number>> {
  return Object.fromEntries(rows.map(({ id, n }) => [id, n]));
}

test(
  'The cold tier wakes as many functions of each kind as planned, and nothing is faster outside than inside',
  TIMES,
  async () => {
    const rows = await measureCold(RUN);
    const cold = rows.filter(({ group }) => group === 'cold');
    const usual = 'code=javascript&bundleBytes=5000&hostCalls=0';
    const counts = countsOf(rows);
    assert.equal(counts[`cold/new-cell?${usual}`], 1);
    assert.equal(counts[`cold/pooled-isolate?${usual}`], PLAN.coldFunctions);
    assert.equal(counts[`cold/new-isolate?${usual}`], PLAN.coldFunctions);
    assert.ok((counts[`cold/evicted?${usual}`] ?? 0) > 0);
    assert.equal(counts[`cold/warm?${usual}`], 2 * PLAN.coldFunctions);
    const pooled = cold.filter(({ subject }) => subject === 'pooled-isolate');
    assert.equal(new Set(pooled.map(({ id }) => id)).size, 10);
    for (const { id, n } of pooled.slice(1)) assert.equal(n, PLAN.coldFunctionsOfKind, id);
    assert.equal(counts['recovery/spare-cell'], PLAN.freshCells);
    assert.equal(counts['recovery/new-cell'], PLAN.freshCells);
    assertFigures(rows);
    for (const row of cold) {
      const [outside, inside] = [metricOf(row, 'p50Ms') ?? 0, metricOf(row, 'insideP50Ms') ?? 0];
      assert.ok(inside > 0 && outside >= inside, `${row.id}: ${outside} ms, inside ${inside} ms`);
    }
  },
);

test(
  'The density tier starts a host with one function and with all, and sees how many stay warm',
  SYSTEM,
  async () => {
    const rows = await measureDensity(RUN);
    assert.deepEqual(countsOf(rows), {
      'density/started?functions=1': 1,
      'density/deployed?functions=4': 1,
      'density/started?functions=12': 7,
      [`density/warm-instances?functions=6&budgetBytes=${PLAN.warmMemoryBytes}`]: 6,
    });
    assertFigures(rows);
  },
);

test('The open loop asks for large payloads at fixed rates, and each is answered', TIMES, async () => {
  const rows = await measureLoad({ ...RUN, plan: { ...PLAN, tiers: ['open-loop'] } });
  assert.deepEqual(
    rows.map(({ id }) => id),
    [10_000, 512_000].flatMap((payloadBytes) =>
      ['echo-floor', 'echo-function'].map(
        (subject) => `open-loop/${subject}?percentOfMax=50&payloadBytes=${payloadBytes}`,
      ),
    ),
  );
  for (const { id, n, notes } of rows) {
    assert.ok(n > 0, id);
    assert.deepEqual(notes.filter(isFailure), []);
  }
});

test(
  'The observation tier has the same function answer with observation taken out, off and on',
  TIMES,
  async () => {
    const rows = await measureObservation(RUN);
    assert.deepEqual(
      rows.map(({ subject }) => subject),
      ['echo-floor', 'echo-unobserved', 'echo-off', 'echo-on'],
    );
    for (const { id, n, notes } of rows) {
      assert.ok(n > 0, id);
      assert.deepEqual(notes.filter(isFailure), []);
    }
    const having = (metric: string): readonly string[] =>
      rows.filter((row) => metricOf(row, metric) !== undefined).map(({ subject }) => subject);
    assert.deepEqual(having('ratio'), ['echo-unobserved', 'echo-off', 'echo-on']);
    assert.deepEqual(having('rateToBefore'), ['echo-off', 'echo-on']);
    // What is on is on: invocations were counted, and the collector was sent something.
    assert.match(
      rows[3]?.notes.join(' ') ?? '',
      /Of [1-9][\d,]* traced invocations .* took [1-9]\d* exports/,
    );
  },
);

test(
  'The fairness tier asks a quiet function alone and beside each neighbour that is busy',
  TIMES,
  async () => {
    const rows = await measureFairness(RUN);
    assert.deepEqual(
      rows.map(({ subject }) => subject),
      ['none', 'echo', 'echo-apart', 'spin-5', 'spin-30'],
    );
    for (const { id, n, notes } of rows) {
      assert.ok(n >= 90, `${id}: ${n}`);
      assert.deepEqual(notes.filter(isFailure), []);
    }
    const [alone, echo, apart, spin5, spin30] = rows;
    assert.ok(
      alone !== undefined &&
        echo !== undefined &&
        apart !== undefined &&
        spin5 !== undefined &&
        spin30 !== undefined,
    );
    assert.equal(metricOf(alone, 'addsP99Ms'), undefined);
    for (const row of [echo, apart]) assert.ok((metricOf(row, 'neighbourPerSecond') ?? 0) > 100, row.id);
    assert.ok((metricOf(spin5, 'neighbourP50Ms') ?? 0) >= 4.9);
    assert.ok((metricOf(spin30, 'neighbourP50Ms') ?? 0) >= 29.5);
  },
);

/** On a machine that has other work a function may be held up beyond its limit, which is a reply of its own. */
function isFailure(note: string): boolean {
  return note.includes('lost') && !/HS_FUNCTION_CPU.* and 0 lost/.test(note);
}

test('The cells tier has every namespace answer, one after the other and all at once', SYSTEM, async () => {
  const rows = await measureCells(RUN);
  assert.deepEqual(
    rows.map(({ id }) => id),
    [1, 2].flatMap((cells) => [
      `cells/started?cells=${cells}`,
      `cells/echo-function?cells=${cells}&inFlight=1`,
      `cells/echo-function?cells=${cells}&inFlight=64`,
    ]),
  );
  assertFigures(rows);
  for (const { id, n, notes } of rows) {
    assert.ok(n > 0, id);
    assert.deepEqual(notes.filter(isFailure), []);
  }
  const [one, two] = [1, 2].map((cells) => rows.find(({ id }) => id === `cells/started?cells=${cells}`));
  assert.ok(one !== undefined && two !== undefined);
  assert.equal((metricOf(two, 'processes') ?? 0) - (metricOf(one, 'processes') ?? 0), 1);
});
