import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BENCH_PARTS } from '../../../src/cli/bench/parts.ts';
import { renderResult } from '../../../src/cli/bench/render.ts';
import type { BenchResult } from '../../../src/cli/bench/result.ts';
import { createColors } from '../../../src/cli/shell/colors.ts';
import { makeMetric, makeRow } from '../../../src/measure/index.ts';

const RESULT: BenchResult = {
  name: 'hello',
  file: 'hello/Nexfile',
  namespace: 'default',
  subject: 'greet.en.ada',
  payloadBytes: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
  durationSeconds: 59.6,
  machine: { cpu: 'one', cores: 2, memoryBytes: 1, platform: 'linux-x64' },
  versions: {},
  plan: {
    parts: BENCH_PARTS,
    ...{ rounds: 5, levels: [1], firstWarmupMs: 1, warmupMs: 1, windowMs: 1, insideRequests: 1 },
    ...{ requestMs: 1, openRounds: 1, idleCopies: 100 },
    ...{ copies: 8, coldPasses: 3, newCells: 5, pauseMs: 15, settleMs: 1 },
  },
  strays: [{ where: 'at 16 in flight', code: 'HS_FUNCTION_CPU', count: 2, of: 12_345 }],
  noise: { floorSpread: 0.3, othersCores: 0.25, cores: 2, isNoisy: true },
  rows: [
    makeRow({
      ...{ group: 'cold', subject: 'pooled-isolate', title: 'pooled isolate', params: {}, n: 24 },
      metrics: [makeMetric('p50Ms', 'ms', 'lower', [1.234]), makeMetric('p95Ms', 'ms', 'lower', [12.34])],
    }),
    makeRow({
      ...{ group: 'load', subject: 'function', title: 'the function', params: { inFlight: 1 }, n: 9 },
      metrics: [
        makeMetric('perSecond', '1/s', 'higher', [12_345.6]),
        makeMetric('ratio', 'ratio', 'higher', [0.456]),
        makeMetric('insideP50Ms', 'ms', 'lower', [0.05]),
      ],
    }),
    makeRow({
      ...{ group: 'open-loop', subject: 'function', title: '50 % of its most', n: 9 },
      params: { percentOfMax: 50 },
      metrics: [
        makeMetric('offeredPerSecond', '1/s', undefined, [6_000]),
        makeMetric('p99Ms', 'ms', 'lower', [2.5]),
      ],
    }),
    makeRow({
      ...{ group: 'open-loop', subject: 'function', title: 'the knee', params: { point: 'knee' }, n: 9 },
      metrics: [makeMetric('kneePerSecond', '1/s', 'higher', [6_000])],
    }),
    makeRow({
      ...{ group: 'density', subject: 'warm-instance', title: 'an instance', params: {}, n: 8 },
      metrics: [makeMetric('rssBytes', 'bytes', 'lower', [2 * 1024 ** 2])],
    }),
    makeRow({
      ...{ group: 'density', subject: 'idle-function', title: 'idle', params: {}, n: 8 },
      metrics: [makeMetric('rssBytes', 'bytes', 'lower', [-1])],
    }),
  ],
  budgets: [
    {
      ...{ metric: 'cold.p95', unit: 'ms', better: 'lower' },
      ...{ bound: 15, measured: 12.34, kept: true },
    },
    {
      ...{ metric: 'warm.rate', unit: '1/s', better: 'higher' },
      ...{ bound: 20_000, measured: 12_345.6, kept: false },
    },
    {
      ...{ metric: 'load256.p99', unit: 'ms', better: 'lower' },
      ...{ bound: 5, measured: null, kept: false },
    },
  ],
  notes: ['a note with \u001b[31m'],
};

test('The result is tables with a dash for what was not measured, the noise, notes and budgets', () => {
  const text = renderResult(RESULT, createColors(false));
  assert.equal(
    text,
    [
      'hello  greet.en.ada  1 byte, 5 rounds in 60 s',
      '',
      '  START, ms        P50   P95  P99  MAX  IN NODE P50  P95  OVER WARM  STARTS',
      '  pooled isolate  1.23  12.3    –    –            –    –          –      24',
      '',
      '  WARM, ms      IN FLIGHT  PER SECOND  OF FLOOR  P50  P95  P99  MAX  CPU µs',
      '  the function          1      12,346      46 %    –    –    –    –       –',
      '',
      '  FIXED RATE, ms    ARRIVALS/s  ANSWERED/s  P50  P95   P99  MAX',
      '  50 % of its most       6,000           –    –    –  2.50    –',
      '  the knee: 6,000/s',
      '',
      '  in the node a warm request takes 0.05 ms, p95 –, p99 –',
      '  a warm instance takes 2MiB, an idle function takes less than can be told',
      "  noisy: the bare echo's rate lay 30 % apart between rounds; other processes took 0.3 of 2 cores",
      '  stray: 2 of 12,345 requests at 16 in flight had HS_FUNCTION_CPU',
      '  note: a note with \\x1b[31m',
      '',
      '     BUDGET       MEASURED      BOUND',
      '  ✓  cold.p95     12 ms         ≤ 15 ms    kept',
      '  ✗  warm.rate    12346/s       ≥ 20000/s  missed',
      '  ✗  load256.p99  not measured  ≤ 5 ms     missed',
    ].join('\n'),
  );
});

test('What was not measured has no table and no line', () => {
  const rows = RESULT.rows.filter(({ group }) => group === 'cold');
  const text = renderResult(
    { ...RESULT, rows, noise: null, strays: [], notes: [], budgets: [] },
    createColors(false),
  );
  assert.doesNotMatch(text, /WARM, ms|FIXED RATE|takes|nois[ey]/);
  assert.match(text, /pooled isolate/);
  const loads = RESULT.rows.filter(({ group }) => group === 'load');
  assert.doesNotMatch(renderResult({ ...RESULT, rows: loads }, createColors(false)), /START/);
});
