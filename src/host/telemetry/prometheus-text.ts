import { DURATION_BOUNDS_S } from '../../core/index.ts';
import type { MetricStore, Series } from './metric-store.ts';
import { METRICS, type Metric, type MetricName, prometheusName } from './metric-table.ts';

export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Everything in the store in Prometheus's text format 0.0.4. */
export function renderPrometheus(store: MetricStore): string {
  const families = (Object.keys(METRICS) as MetricName[]).map((name) =>
    renderFamily(METRICS[name], store.read(name)),
  );
  return families.join('');
}

function renderFamily(metric: Metric, series: readonly Series[]): string {
  const name = prometheusName(metric);
  const help = metric.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  const lines = series.flatMap((one) => renderSeries(name, metric, one));
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${metric.kind}`, ...lines, ''].join('\n');
}

function renderSeries(name: string, metric: Metric, { labels, value, durations }: Series): readonly string[] {
  const own = metric.labels.map((label, at) => `${label}="${escapeValue(labels[at] ?? '')}"`);
  const line = (suffix: string, more: readonly string[], number: number): string => {
    const all = [...own, ...more];
    return `${name}${suffix}${all.length === 0 ? '' : `{${all.join(',')}}`} ${number}`;
  };
  if (metric.kind !== 'histogram') return [line('', [], value)];
  const lines: string[] = [];
  let seen = 0;
  for (const [bucket, count] of (durations?.counts ?? []).entries()) {
    seen += count;
    lines.push(line('_bucket', [`le="${DURATION_BOUNDS_S[bucket] ?? '+Inf'}"`], seen));
  }
  return [...lines, line('_sum', [], durations?.sumS ?? 0), line('_count', [], seen)];
}

function escapeValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
