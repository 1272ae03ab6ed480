import { type Metric, makeMetric, percentile } from '../../src/measure/index.ts';

const PERCENTILES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
  ['max', 1],
] as const;

/**
 * p50, p95, p99 and the highest of samples in milliseconds, a list for each round.
 * @param prefix what else the latency is of: `inside` gives `insideP50Ms`
 */
export function latencyMetrics(rounds: readonly (readonly number[])[], prefix = ''): readonly Metric[] {
  return PERCENTILES.map(([name, fraction]) =>
    makeMetric(
      nameOf(prefix, name),
      'ms',
      'lower',
      rounds.map((samples) => percentile(samples, fraction)),
    ),
  );
}

function nameOf(prefix: string, name: string): string {
  return prefix === '' ? `${name}Ms` : `${prefix}${name.slice(0, 1).toUpperCase()}${name.slice(1)}Ms`;
}
