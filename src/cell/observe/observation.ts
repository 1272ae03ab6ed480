import type {
  Clock,
  FunctionSpec,
  MetricsReport,
  ObserveOptions,
  Observer,
  Redact,
  TelemetryReport,
} from '../../core/index.ts';
import { CallRecorder } from './call-recorder.ts';
import { CellMetrics, type FunctionGauge } from './cell-metrics.ts';
import { ChannelObserver } from './channels.ts';
import { fanOut } from './fan-out.ts';
import { Reporter } from './reporter.ts';
import { Tracer } from './tracer.ts';

/** What the cell itself measures of its present state. */
export interface CellGauges extends Omit<MetricsReport, 'functions' | 'evicted'> {
  readonly functions: readonly FunctionGauge[];
}

export interface ObservationOptions {
  readonly clock: Clock;
  /** Undefined: nobody has asked for it. */
  readonly observe: ObserveOptions | undefined;
  /** Who wants to know in any case. */
  readonly feed: Observer;
  /** Replies refused count since the last call. */
  readonly gauges: () => CellGauges;
  /** What takes the secrets of a function out of a text, if it has some. */
  readonly redactOf: (spec: FunctionSpec) => Redact | undefined;
  readonly send: (report: TelemetryReport) => Promise<void>;
}

/** Everything in a cell that observes it. */
export interface Observation {
  readonly observer: Observer;
  /** A line of the function's log was dropped. */
  logDropped(spec: FunctionSpec): void;
  /** Hands the last of it to the host. */
  finish(): Promise<void>;
}

/** Observes a cell as far as it was asked for: with nothing asked for, only the feed and the channels. */
export function createObservation(options: ObservationOptions): Observation {
  const { clock, observe, feed, gauges, send } = options;
  const channels = new ChannelObserver();
  if (observe === undefined)
    return {
      observer: fanOut([feed, channels]),
      logDropped: () => undefined,
      finish: () => Promise.resolve(),
    };
  const metrics = observe.metrics ? new CellMetrics() : undefined;
  const takeMetrics = (): MetricsReport | undefined => {
    if (metrics === undefined) return undefined;
    const { functions, ...own } = gauges();
    return { ...own, evicted: metrics.takeEvicted(), functions: metrics.take(functions) };
  };
  const recorder = observe.calls === true ? new CallRecorder(options.redactOf) : undefined;
  const reporter = new Reporter({
    clock,
    reportMs: observe.reportMs,
    send,
    takeMetrics,
    takeCalls: () => recorder?.take() ?? [],
  });
  const { sampler } = observe;
  const epochMs = clock.now() - clock.monotonicMs();
  const tracer =
    sampler === undefined ? undefined : new Tracer(sampler, reporter.record, epochMs, options.redactOf);
  const asked = [tracer, metrics, recorder].filter((observer) => observer !== undefined);
  return {
    // The tracer first: the others may be told of what it has set.
    observer: fanOut([...asked, feed, channels]),
    logDropped: (spec) => metrics?.logDropped(spec),
    finish: () => reporter.finish(),
  };
}
