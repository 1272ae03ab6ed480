import { DURATION_BOUNDS_S, type Durations } from '../../core/index.ts';
import { METRICS, type MetricName } from './metric-table.ts';

/** Values in the order of the metric's labels. */
type LabelValues = readonly string[];

export interface Series {
  readonly labels: LabelValues;
  /** Of a counter or gauge. */
  readonly value: number;
  /** Of a histogram. */
  readonly durations: Durations | undefined;
}

interface MutableSeries {
  labels: LabelValues;
  value: number;
  durations: { counts: number[]; sumS: number } | undefined;
}

function keyOf(labels: LabelValues): string {
  return labels.join('\u0000');
}

/** What is known of every metric. */
export class MetricStore {
  readonly #series = new Map<MetricName, Map<string, MutableSeries>>();

  #at(metric: MetricName, labels: LabelValues): MutableSeries {
    let all = this.#series.get(metric);
    if (all === undefined) {
      all = new Map();
      this.#series.set(metric, all);
    }
    const key = keyOf(labels);
    let series = all.get(key);
    if (series === undefined) {
      series = { labels, value: 0, durations: undefined };
      all.set(key, series);
    }
    return series;
  }

  add(metric: MetricName, labels: LabelValues, count: number): void {
    if (count > 0) this.#at(metric, labels).value += count;
  }

  addDurations(metric: MetricName, labels: LabelValues, { counts, sumS }: Durations): void {
    if (!counts.some((count) => count > 0)) return;
    const series = this.#at(metric, labels);
    series.durations ??= { counts: [...DURATION_BOUNDS_S, 0].map(() => 0), sumS: 0 };
    const { durations } = series;
    for (const [bucket, had] of durations.counts.entries())
      durations.counts[bucket] = had + (counts[bucket] ?? 0);
    durations.sumS += sumS;
  }

  /** Replaces all series of a gauge. */
  setAll(metric: MetricName, values: Iterable<readonly [LabelValues, number]>): void {
    this.#series.delete(metric);
    for (const [labels, value] of values) this.#at(metric, labels).value += value;
  }

  /** Forgets a function that is undeployed, so that the number of series is bounded by what is deployed. */
  forgetFunction(namespace: string, name: string): void {
    for (const [metric, all] of this.#series) {
      const [first, second] = METRICS[metric].labels as readonly (string | undefined)[];
      if (first !== 'namespace' || second !== 'function') continue;
      for (const [key, { labels }] of all) if (labels[0] === namespace && labels[1] === name) all.delete(key);
    }
  }

  /** The series of a metric, none if it has not been measured. */
  read(metric: MetricName): readonly Series[] {
    return [...(this.#series.get(metric)?.values() ?? [])];
  }
}
