import type { Clock, Logger, ObserveOptions, TelemetryReport } from '../../core/index.ts';
import { CellTallies } from './cell-tallies.ts';
import { MetricStore } from './metric-store.ts';
import { startMetricsServer } from './metrics-server.ts';
import type { OtlpExport } from './otlp.ts';
import { renderPrometheus } from './prometheus-text.ts';
import type { CellReports, TelemetryOptions } from './types.ts';

const DEFAULT_SAMPLER = { parentBased: true, ratio: 1 } as const;
const DEFAULT_REPORT_MS = 1_000;

export interface TelemetryContext {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A node's telemetry. Disposing exports what is left. */
export interface Telemetry extends AsyncDisposable {
  readonly reports: CellReports;
  /** How much cells are to observe. */
  readonly observe: ObserveOptions;
  /** Where metrics are served for Prometheus, if they are. */
  readonly metricsUrl: string | undefined;
}

/**
 * Starts what `options` ask for; undefined when they ask for nothing. OpenTelemetry's SDK is loaded only
 * when something is to be exported.
 * @throws HS_PORT_TAKEN, HS_USAGE when metrics cannot be served where they are to be
 */
export async function startTelemetry(
  options: TelemetryOptions,
  context: TelemetryContext,
): Promise<Telemetry | undefined> {
  const { otlp, metrics, onCall, sampler = DEFAULT_SAMPLER, reportMs = DEFAULT_REPORT_MS } = options;
  const tracing = otlp?.tracesUrl !== undefined;
  const measuring = otlp?.metricsUrl !== undefined || metrics !== undefined;
  if (!tracing && !measuring && onCall === undefined) return undefined;
  await using stack = new AsyncDisposableStack();
  const store = new MetricStore();
  const tallies = new CellTallies(store);
  const refresh = (): void => tallies.refresh();
  const server =
    metrics === undefined
      ? undefined
      : stack.use(await startMetricsServer(metrics, () => render(store, refresh)));
  let exported: OtlpExport | undefined;
  if (otlp !== undefined) {
    const { startOtlp } = await import('./otlp.ts');
    const resourceAttributes = resourceOf(options, context);
    exported = stack.use(
      startOtlp({ ...context, otlp, resourceAttributes, exportMs: reportMs, store, refresh }),
    );
  }
  const owned = stack.move();
  return {
    observe: {
      metrics: measuring,
      sampler: tracing ? sampler : undefined,
      calls: onCall !== undefined,
      reportMs,
    },
    metricsUrl: server?.url,
    reports: {
      report(cell, { spans, droppedSpans, metrics: measured, calls = [] }: TelemetryReport, nameOf) {
        store.add('droppedSpans', ['cell'], droppedSpans);
        if (measured !== undefined) tallies.add(cell, measured, nameOf);
        for (const { functionId, ...call } of calls) {
          const name = nameOf(functionId);
          if (name !== undefined) onCall?.({ namespace: cell.namespace, function: name, ...call });
        }
        for (const span of spans) exported?.spans?.write(cell.namespace, span);
      },
      ended: ({ id }) => tallies.ended(id),
      died: (namespace) => store.add('cellRestarts', [namespace], 1),
      undeployed: (namespace, name) => tallies.undeployed(namespace, name),
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function render(store: MetricStore, refresh: () => void): string {
  refresh();
  return renderPrometheus(store);
}

function resourceOf(
  { serviceName = 'hairspring', resourceAttributes = {} }: TelemetryOptions,
  { nodeId, nodeName, version }: TelemetryContext,
): Readonly<Record<string, string>> {
  return {
    'service.version': version,
    'service.instance.id': nodeId,
    'hairspring.node': nodeName,
    ...resourceAttributes,
    'service.name': serviceName,
  };
}
