/** OpenTelemetry's SDK and exporters; loaded only when traces or metrics are to be exported. */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { type Clock, type Logger, orLate } from '../../core/index.ts';
import { createMetricProducer } from './metric-producer.ts';
import type { MetricStore } from './metric-store.ts';
import { SpanQueue } from './span-queue.ts';
import { RecordedIds, SpanWriter } from './span-writer.ts';
import type { OtlpOptions } from './types.ts';

const DEFAULT_METRICS_INTERVAL_MS = 60_000;
/** How long the last export may take when the node stops. */
const SHUTDOWN_MS = 2_000;

export interface ExportOptions {
  readonly otlp: OtlpOptions;
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly version: string;
  /** Between two exports of spans. */
  readonly exportMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: MetricStore;
  /** Called before the store is read. */
  readonly refresh: () => void;
}

/** What exports. Disposing sends what is left, in a bounded time. */
export interface OtlpExport extends AsyncDisposable {
  /** Undefined when no traces are exported. */
  readonly spans: SpanWriter | undefined;
}

/** Starts exporting to an OTLP receiver. Whether there is one is not looked at: exports fail by themselves. */
export function startOtlp(options: ExportOptions): OtlpExport {
  const { otlp, resourceAttributes, clock } = options;
  const resource = resourceFromAttributes({ ...resourceAttributes });
  const traces = otlp.tracesUrl === undefined ? undefined : createTraces(otlp.tracesUrl, resource, options);
  const metrics =
    otlp.metricsUrl === undefined ? undefined : createMetrics(otlp.metricsUrl, resource, options);
  return {
    spans: traces?.writer,
    async [Symbol.asyncDispose]() {
      const ended = Promise.allSettled([traces?.queue.shutdown(), metrics?.shutdown()]);
      await orLate(ended, clock, SHUTDOWN_MS);
    },
  };
}

function createTraces(
  url: string,
  resource: Resource,
  { clock, logger, store, version, exportMs }: ExportOptions,
): { readonly writer: SpanWriter; readonly queue: SpanQueue } {
  const ids = new RecordedIds();
  const queue = new SpanQueue({
    exporter: new OTLPTraceExporter({ url }),
    exportMs,
    clock,
    logger,
    onDropped: (where, count) => store.add('droppedSpans', [where], count),
  });
  const provider = new TracerProvider({
    resource,
    idGenerator: ids,
    // Cells have decided; what they report is recorded.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [queue],
  });
  return { writer: new SpanWriter(provider.getTracer('hairspring', version), ids), queue };
}

function createMetrics(
  url: string,
  resource: Resource,
  { otlp, store, refresh, clock }: ExportOptions,
): MeterProvider {
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url }),
    exportIntervalMillis: otlp.metricsIntervalMs ?? DEFAULT_METRICS_INTERVAL_MS,
    exportTimeoutMillis: Math.min(otlp.metricsIntervalMs ?? DEFAULT_METRICS_INTERVAL_MS, 30_000),
    metricProducers: [createMetricProducer(store, refresh, resource, clock)],
  });
  return new MeterProvider({ resource, readers: [reader] });
}
