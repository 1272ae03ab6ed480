import { makeMetric, makeRow, median, type Row } from '../../src/measure/index.ts';
import { latencyMetrics } from './latency.ts';

/** What was woken, and how. */
export interface ColdCase {
  /** `pooled-isolate`, `new-isolate`. */
  readonly subject: string;
  readonly title: string;
  readonly params: Readonly<Record<string, number | string>>;
}

/** One pass over all functions of a case, each of them idle before. */
export interface ColdPass {
  /** First request to each function. */
  readonly coldMs: readonly number[];
  /** Further requests to each, at the same pace. */
  readonly warmMs: readonly number[];
  /** The same two as the cell sees them: from acceptance of a message to its reply. */
  readonly insideColdMs: readonly number[];
  readonly insideWarmMs: readonly number[];
  /** Of it, making the instance. */
  readonly wakeMs: readonly number[];
}

/** A row of one case, a round for each pass. */
export function coldRow({ subject, title, params }: ColdCase, passes: readonly ColdPass[]): Row {
  const warmP50Ms = passes.map(({ warmMs }) => median(warmMs));
  const overWarmMs = passes.map(({ coldMs }, round) => median(coldMs) - (warmP50Ms[round] ?? Number.NaN));
  return makeRow({
    group: 'cold',
    subject,
    title,
    params,
    n: passes.reduce((sum, { coldMs }) => sum + coldMs.length, 0),
    metrics: [
      ...latencyMetrics(passes.map(({ coldMs }) => coldMs)),
      makeMetric('warmP50Ms', 'ms', undefined, warmP50Ms),
      makeMetric('overWarmMs', 'ms', 'lower', overWarmMs),
      ...latencyMetrics(
        passes.map(({ insideColdMs }) => insideColdMs),
        'inside',
      ),
      ...latencyMetrics(
        passes.map(({ wakeMs }) => wakeMs),
        'wake',
      ),
    ],
  });
}

/** A row of the warm requests of the same passes. */
export function warmRow(title: string, params: ColdCase['params'], passes: readonly ColdPass[]): Row {
  return makeRow({
    group: 'cold',
    subject: 'warm',
    title,
    params,
    n: passes.reduce((sum, { warmMs }) => sum + warmMs.length, 0),
    metrics: [
      ...latencyMetrics(passes.map(({ warmMs }) => warmMs)),
      ...latencyMetrics(
        passes.map(({ insideWarmMs }) => insideWarmMs),
        'inside',
      ),
    ],
  });
}

/** A row of recoveries from the kill of a cell; each is a round of its own. */
export function recoveryRow(subject: string, title: string, recoverMs: readonly number[]): Row {
  const [, ...beyond] = latencyMetrics([recoverMs]);
  return makeRow({
    group: 'recovery',
    subject,
    title,
    params: {},
    n: recoverMs.length,
    metrics: [makeMetric('p50Ms', 'ms', 'lower', recoverMs), ...beyond],
  });
}
