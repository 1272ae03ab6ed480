import { median } from './statistics.ts';

/** What a figure is measured in. */
export type Unit = '1/s' | 'ms' | 'µs' | 'bytes' | 'ratio' | 'cores' | 'count';

/** One figure of a row. */
export interface Metric {
  /** Of the field, with its unit: `perSecond`, `p50Ms`, `p95Ms`, `p99Ms`, `maxMs`, `cpuUs`, `ratio`, `rssBytes`. */
  readonly name: string;
  readonly unit: Unit;
  /** Undefined where neither is: a figure that explains others. */
  readonly better: 'higher' | 'lower' | undefined;
  /** The median of `rounds`; where a round is too short for it, the figure of all rounds together. */
  readonly value: number;
  /** The figure of each round, in the order of the rounds; what differs between runs is judged by them. */
  readonly rounds: readonly number[];
}

/** The groups of rows, in the order in which reports show them. */
export const ROW_GROUPS = [
  'cold',
  'recovery',
  'load',
  'open-loop',
  'observation',
  'fairness',
  'peer-cold',
  'peer-load',
  'density',
  'cells',
  'isolate',
] as const;
export type RowGroup = (typeof ROW_GROUPS)[number];

/** One line of what a run found: what tables, plots, claims and comparisons are made of. */
export interface Row {
  /** The same in every run that measures the same: `load/echo-function?inFlight=256`. */
  readonly id: string;
  readonly group: RowGroup;
  /** What was measured, without its parameters: `echo-function`, `workerd-dynamic`. */
  readonly subject: string;
  /** The same for people. */
  readonly title: string;
  /** What tells rows of one subject apart: `{ inFlight: 256, payloadBytes: 100 }`. */
  readonly params: Readonly<Record<string, number | string>>;
  /** Requests or starts that the figures rest on, in all rounds. */
  readonly n: number;
  readonly metrics: readonly Metric[];
  /** What a reader must know to trust the figures: wrong replies, a generator that is the bottleneck. */
  readonly notes: readonly string[];
}

/** A row with its id. */
export function makeRow(row: Omit<Row, 'id' | 'notes'> & { readonly notes?: readonly string[] }): Row {
  const params = Object.entries(row.params).map(([name, value]) => `${name}=${value}`);
  const query = params.length === 0 ? '' : `?${params.join('&')}`;
  return { id: `${row.group}/${row.subject}${query}`, notes: [], ...row };
}

/**
 * A figure by its rounds.
 * @param value @default the median of the rounds
 */
export function makeMetric(
  name: string,
  unit: Unit,
  better: Metric['better'],
  rounds: readonly number[],
  value: number = median(rounds),
): Metric {
  return { name, unit, better, value, rounds };
}

/** The value of a figure of a row; undefined when the row has no such figure. */
export function metricOf(row: Row, name: string): number | undefined {
  return row.metrics.find((metric) => metric.name === name)?.value;
}
