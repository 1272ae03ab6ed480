import { type Metric, makeMetric, makeRow, median, percentile, type Row } from '../../measure/index.ts';
import { type ColdSubject, MEMORY } from './plan.ts';

/** What one pass over the copies found. */
export interface ColdPass {
  readonly subject: ColdSubject;
  /** First requests, from outside. */
  readonly coldMs: readonly number[];
  /** Warm requests at the same pace. */
  readonly warmMs: readonly number[];
  /** What the node took for the first ones, from acceptance to reply. */
  readonly insideMs: readonly number[];
  /** By how much the cells have grown, for each instance; undefined where the system does not say. */
  readonly instanceBytes: number | undefined;
}

/** In fewer starts than this, p99 is the slowest one. */
const FEW_STARTS = 100;

export function coldRow(subject: ColdSubject, title: string, passes: readonly ColdPass[]): Row {
  const good = passes.filter(({ coldMs }) => coldMs.length > 0);
  const n = good.reduce((sum, { coldMs }) => sum + coldMs.length, 0);
  const overWarm = good.map(({ coldMs, warmMs }) => median(coldMs) - median(warmMs));
  return makeRow({
    group: 'cold',
    subject,
    title,
    params: {},
    n,
    metrics:
      n === 0
        ? []
        : [
            ...latency(
              '',
              good.map(({ coldMs }) => coldMs),
            ),
            makeMetric('overWarmMs', 'ms', 'lower', overWarm),
            ...latency(
              'inside',
              good.map(({ insideMs }) => insideMs),
            ),
          ],
    notes: notesOf(n),
  });
}

function notesOf(n: number): readonly string[] {
  if (n === 0) return ['the node told of no start of this kind'];
  return n < FEW_STARTS ? [`of fewer than ${FEW_STARTS} starts, p99 is the slowest of a pass`] : [];
}

/** Percentiles of each pass. */
function latency(prefix: string, passes: readonly (readonly number[])[]): readonly Metric[] {
  const known = passes.filter((pass) => pass.length > 0);
  if (known.length === 0) return [];
  const metric = (name: string, value: (pass: readonly number[]) => number): Metric => {
    const full = prefix === '' ? name : `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return makeMetric(full, 'ms', 'lower', known.map(value));
  };
  return [
    metric('p50Ms', (pass) => percentile(pass, 0.5)),
    metric('p95Ms', (pass) => percentile(pass, 0.95)),
    metric('p99Ms', (pass) => percentile(pass, 0.99)),
    metric('maxMs', (pass) => Math.max(...pass)),
  ];
}

/** None where no cell came back. */
export function newCellRow(recoverMs: readonly number[]): readonly Row[] {
  if (recoverMs.length === 0) return [];
  const row = makeRow({
    group: 'recovery',
    subject: 'new-cell',
    title: 'new cell',
    params: {},
    n: recoverMs.length,
    metrics: [...latency('', [recoverMs])],
    notes: notesOf(recoverMs.length),
  });
  return [row];
}

/** What a warm instance takes of its cell, by the cells of the pass that made them of the pool. */
export function memoryRow(name: string, passes: readonly ColdPass[]): readonly Row[] {
  const rounds = passes.flatMap(({ subject, instanceBytes }) =>
    subject === 'pooled-isolate' && instanceBytes !== undefined ? [instanceBytes] : [],
  );
  if (rounds.length === 0) return [];
  const row = makeRow({
    group: 'density',
    subject: MEMORY,
    title: `a warm instance of ${name}`,
    params: {},
    n: passes.reduce(
      (sum, { coldMs, subject }) => sum + (subject === 'pooled-isolate' ? coldMs.length : 0),
      0,
    ),
    metrics: [makeMetric('rssBytes', 'bytes', 'lower', rounds)],
  });
  return [row];
}
