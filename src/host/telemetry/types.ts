import type { CallUse, TelemetryReport, TraceSampler } from '../../core/index.ts';
import type { MetricsAddress } from './metrics-server.ts';

/** Where OTLP goes, over HTTP as JSON. Headers, time-outs and compression come from OpenTelemetry's own variables. */
export interface OtlpOptions {
  /** Undefined: no traces. */
  readonly tracesUrl: string | undefined;
  /** Undefined: no metrics. */
  readonly metricsUrl: string | undefined;
  /** Between two exports of metrics. @default 60_000 */
  readonly metricsIntervalMs?: number;
}

export interface TelemetryOptions {
  readonly otlp?: OtlpOptions;
  /** Serves metrics for Prometheus. */
  readonly metrics?: MetricsAddress;
  /** @default follows the caller's decision, and records what begins here */
  readonly sampler?: TraceSampler;
  /** @default "hairspring" */
  readonly serviceName?: string;
  readonly resourceAttributes?: Readonly<Record<string, string>>;
  /** Told of each kind of host call that functions make, once or more often. @default nobody is */
  readonly onCall?: ((call: RecordedCall) => void) | undefined;
  /** Between two reports of a cell, and between two exports of spans. @default 1_000 */
  readonly reportMs?: number;
}

/** A kind of host call, with the function that made it. */
export interface RecordedCall extends Omit<CallUse, 'functionId'> {
  readonly namespace: string;
  readonly function: string;
}

/** Who is told what cells report. */
export interface CellReports {
  /** @param nameOf a function's name by its id, undefined when the cell's namespace does not have it */
  report(
    cell: { readonly id: string; readonly namespace: string },
    report: TelemetryReport,
    nameOf: (functionId: string) => string | undefined,
  ): void;
  /** The cell is gone, whatever for. */
  ended(cell: { readonly id: string }): void;
  /** A cell died that had work to do. */
  died(namespace: string): void;
  undeployed(namespace: string, name: string): void;
}
