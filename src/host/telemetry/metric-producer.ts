import { type HrTime, ValueType } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import { type Clock, DURATION_BOUNDS_S } from '../../core/index.ts';
import type { MetricStore, Series } from './metric-store.ts';
import { METRICS, type Metric, type MetricName } from './metric-table.ts';

interface Times {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/**
 * Hands the store to OpenTelemetry's SDK: the API's own instruments take single measurements, and cells
 * have counted theirs already.
 */
export function createMetricProducer(
  store: MetricStore,
  refresh: () => void,
  resource: Resource,
  clock: Clock,
): MetricProducer {
  const startTime = toHrTime(clock.now());
  return {
    async collect() {
      refresh();
      const times = { startTime, endTime: toHrTime(clock.now()) };
      const metrics = (Object.keys(METRICS) as MetricName[])
        .map((name) => toMetricData(METRICS[name], store.read(name), times))
        .filter(({ dataPoints }) => dataPoints.length > 0);
      const scopeMetrics = [{ scope: { name: 'hairspring' }, metrics }];
      return { resourceMetrics: { resource, scopeMetrics }, errors: [] };
    },
  };
}

function toMetricData(metric: Metric, series: readonly Series[], times: Times): MetricData {
  const base = {
    descriptor: {
      name: metric.name,
      description: metric.help,
      unit: metric.unit,
      valueType: metric.kind === 'histogram' ? ValueType.DOUBLE : ValueType.INT,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const attributesOf = ({ labels }: Series): Record<string, string> =>
    Object.fromEntries(metric.labels.map((label, at) => [label, labels[at] ?? '']));
  if (metric.kind === 'histogram') {
    const dataPoints = series.map((one) => ({
      ...times,
      attributes: attributesOf(one),
      value: toHistogram(one),
    }));
    return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = series.map((one) => ({ ...times, attributes: attributesOf(one), value: one.value }));
  return metric.kind === 'gauge'
    ? { ...base, dataPointType: DataPointType.GAUGE, dataPoints }
    : { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

function toHistogram({ durations }: Series): {
  buckets: { boundaries: number[]; counts: number[] };
  count: number;
  sum: number;
} {
  const counts = [...(durations?.counts ?? [])];
  return {
    buckets: { boundaries: [...DURATION_BOUNDS_S], counts },
    count: counts.reduce((sum, count) => sum + count, 0),
    sum: durations?.sumS ?? 0,
  };
}

function toHrTime(epochMs: number): HrTime {
  return [Math.floor(epochMs / 1_000), (epochMs % 1_000) * 1e6];
}
