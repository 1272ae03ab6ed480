import {
  type Metric,
  makeMetric,
  makeRow,
  type OpenLoadWindow,
  type Row,
  type Unit,
} from '../../src/measure/index.ts';
import { PAYLOAD_BYTES } from '../plan.ts';
import { bytes, thousands } from '../report/format.ts';
import { highest } from './latency.ts';
import { cpuMetrics, failureNotes } from './load-rows.ts';
import { type LoadTarget, TARGETS } from './load-targets.ts';

/** What a rate has to keep to be below the knee. */
const KNEE = {
  /** Answered of what was offered, at least. */
  answeredShare: 0.99,
  p99Ms: 20,
  /** Fewer do not show where it is. */
  rates: 3,
} as const;

/** Above this, at p99, the generator itself adds to what it measures. */
const LATE_GENERATOR_US = 2_000;

/** One target at one rate for one window. */
export interface OpenWindow extends OpenLoadWindow {
  readonly round: number;
  readonly target: LoadTarget;
  /** Of what the closed loop reached. */
  readonly percent: number;
  readonly offeredPerSecond: number;
  readonly payloadBytes: number;
  /** Requests without a reply, at most. */
  readonly maxOutstanding: number;
}

/** A row for each rate of each target, and one for its knee where there are enough rates to see it. */
export function openLoopRows(windows: readonly OpenWindow[]): readonly Row[] {
  const curves = [
    ...Map.groupBy(windows, ({ target, payloadBytes }) => `${target} ${payloadBytes}`).values(),
  ];
  return curves.flatMap((curve) => [
    ...[...Map.groupBy(curve, ({ percent }) => percent).values()].flatMap(rateRow),
    ...kneeRow(curve),
  ]);
}

function rateRow(windows: readonly OpenWindow[]): readonly Row[] {
  const [first] = windows;
  if (first === undefined) return [];
  const { target, percent, payloadBytes } = first;
  const over = (name: string, unit: Unit, better: Metric['better'], value: (one: OpenWindow) => number) =>
    makeMetric(name, unit, better, windows.map(value));
  const row = makeRow({
    group: 'open-loop',
    subject: target,
    title: `${TARGETS[target].title}, ${percent} % of its closed-loop maximum${sizeOf(payloadBytes)}`,
    params: { percentOfMax: percent, payloadBytes },
    n: windows.reduce((sum, { requests }) => sum + requests, 0),
    metrics: [
      over('offeredPerSecond', '1/s', undefined, ({ offeredPerSecond }) => offeredPerSecond),
      over('perSecond', '1/s', 'higher', ({ perSecond }) => perSecond),
      over('p50Ms', 'ms', 'lower', ({ p50Us }) => p50Us / 1_000),
      over('p95Ms', 'ms', 'lower', ({ p95Us }) => p95Us / 1_000),
      over('p99Ms', 'ms', 'lower', ({ p99Us }) => p99Us / 1_000),
      highest(windows),
      over('heldCount', 'count', undefined, ({ held }) => held),
      over('lagP99Ms', 'ms', undefined, ({ lagP99Us }) => lagP99Us / 1_000),
      ...cpuMetrics(windows),
    ].filter(({ value }) => Number.isFinite(value)),
    notes: [...failureNotes(windows), ...heldNotes(windows), ...lateNotes(windows)],
  });
  return [row];
}

/** The highest rate of each round that was answered in time. */
function kneeRow(curve: readonly OpenWindow[]): readonly Row[] {
  const [first] = curve;
  if (first === undefined) return [];
  const { answeredShare, p99Ms, rates } = KNEE;
  if (new Set(curve.map(({ percent }) => percent)).size < rates) return [];
  const knees = [...Map.groupBy(curve, ({ round }) => round).values()].map((round) =>
    round
      .filter((one) => one.perSecond >= answeredShare * one.offeredPerSecond && one.p99Us < p99Ms * 1_000)
      .reduce((highest, { offeredPerSecond }) => Math.max(highest, offeredPerSecond), 0),
  );
  const row = makeRow({
    group: 'open-loop',
    subject: first.target,
    title: `${TARGETS[first.target].title}, the knee: the highest rate with ${answeredShare * 100} % answered and p99 under ${p99Ms} ms`,
    params: { point: 'knee', payloadBytes: first.payloadBytes },
    n: curve.reduce((sum, { requests }) => sum + requests, 0),
    metrics: [makeMetric('kneePerSecond', '1/s', 'higher', knees)],
  });
  return [row];
}

/** Told where it is not the usual one. */
function sizeOf(payloadBytes: number): string {
  return payloadBytes === PAYLOAD_BYTES ? '' : `, ${bytes(payloadBytes)}`;
}

function heldNotes(windows: readonly OpenWindow[]): readonly string[] {
  const held = windows.reduce((sum, window) => sum + window.held, 0);
  if (held === 0) return [];
  const arrivals = windows.reduce((sum, { requests }) => sum + requests, 0);
  const places = thousands(windows[0]?.maxOutstanding ?? 0);
  return [`${held} of ${arrivals} arrivals waited, because ${places} requests had no reply yet`];
}

/** Says so when the generator itself was late. */
export function lateNotes(windows: readonly Pick<OpenWindow, 'lagP99Us'>[]): readonly string[] {
  const late = windows.filter(({ lagP99Us }) => lagP99Us > LATE_GENERATOR_US);
  if (late.length === 0) return [];
  const worstMs = Math.max(...late.map(({ lagP99Us }) => lagP99Us)) / 1_000;
  return [
    `The load generator was late itself in ${late.length} of ${windows.length} rounds, by up to ${worstMs.toFixed(1)} ms at p99`,
  ];
}
