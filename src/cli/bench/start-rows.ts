import { type Metric, makeMetric, makeRow, median, percentile, type Row } from '../../measure/index.ts';
import { type ColdSubject, IDLE_MEMORY, WARM_MEMORY } from './tiers.ts';

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
  /** What node and cells held before the first start; undefined where the system does not say. */
  readonly restingBytes: number | undefined;
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
  return n < FEW_STARTS ? [`of fewer than ${FEW_STARTS} starts, p99 is the slowest`] : [];
}

/** Half of each pass, and of all starts together what a pass has too few of. */
function latency(prefix: string, passes: readonly (readonly number[])[]): readonly Metric[] {
  const known = passes.filter((pass) => pass.length > 0);
  if (known.length === 0) return [];
  const all = known.flat();
  const nameOf = (name: string): string => (prefix === '' ? `${name}Ms` : `${prefix}${capitalized(name)}Ms`);
  const pooled = (name: string, fraction: number): Metric =>
    makeMetric(
      nameOf(name),
      'ms',
      'lower',
      known.map((pass) => percentile(pass, fraction)),
      percentile(all, fraction),
    );
  const p50 = known.map((pass) => percentile(pass, 0.5));
  return [
    makeMetric(nameOf('p50'), 'ms', 'lower', p50),
    pooled('p95', 0.95),
    pooled('p99', 0.99),
    pooled('max', 1),
  ];
}

const capitalized = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

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
    subject: WARM_MEMORY,
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

/** What a node held before the first start, of each pass over pooled isolates. */
export function restingOf(passes: readonly ColdPass[]): readonly number[] {
  return passes.flatMap(({ subject, restingBytes }) =>
    subject === 'pooled-isolate' && restingBytes !== undefined ? [restingBytes] : [],
  );
}

/**
 * What a function takes that was deployed and never called, of a node that started with `count` more of them.
 * @param without what nodes held that started without them
 */
export function idleRow(
  count: number,
  without: readonly number[],
  withIdleBytes: number | undefined,
): readonly Row[] {
  if (withIdleBytes === undefined || without.length === 0) return [];
  const rounds = without.map((bytes) => (withIdleBytes - bytes) / count);
  const row = makeRow({
    group: 'density',
    subject: IDLE_MEMORY,
    title: 'an idle function',
    params: {},
    n: count,
    metrics: [makeMetric('rssBytes', 'bytes', 'lower', rounds)],
  });
  return [row];
}
