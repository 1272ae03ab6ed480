import { type Metric, makeMetric, percentile } from '../../src/measure/index.ts';

interface Quantile {
  readonly name: string;
  readonly fraction: number;
  /** Of fewer samples it is the largest of them, which is what `max` says. */
  readonly minSamples: number;
}

const QUANTILES: readonly Quantile[] = [
  { name: 'p95', fraction: 0.95, minSamples: 20 },
  { name: 'p99', fraction: 0.99, minSamples: 100 },
  { name: 'max', fraction: 1, minSamples: 1 },
];

/**
 * The median of the rounds' p50, and p95, p99 and the highest of all samples together: a round has too few for these.
 * What the samples are too few for is left out.
 * @param rounds samples in milliseconds, a list for each round
 * @param prefix what else the latency is of: `inside` gives `insideP50Ms`
 */
export function latencyMetrics(rounds: readonly (readonly number[])[], prefix = ''): readonly Metric[] {
  const all = rounds.flat();
  const of = (fraction: number): readonly number[] => rounds.map((samples) => percentile(samples, fraction));
  return [
    makeMetric(nameOf(prefix, 'p50'), 'ms', 'lower', of(0.5)),
    ...QUANTILES.filter(({ minSamples }) => all.length >= minSamples).map(({ name, fraction }) =>
      makeMetric(nameOf(prefix, name), 'ms', 'lower', of(fraction), percentile(all, fraction)),
    ),
  ];
}

/** The highest of all rounds. */
export function highest(windows: readonly { readonly maxUs: number }[]): Metric {
  const rounds = windows.map(({ maxUs }) => maxUs / 1_000);
  return makeMetric('maxMs', 'ms', 'lower', rounds, Math.max(...rounds));
}

function nameOf(prefix: string, name: string): string {
  return prefix === '' ? `${name}Ms` : `${prefix}${name.slice(0, 1).toUpperCase()}${name.slice(1)}Ms`;
}
