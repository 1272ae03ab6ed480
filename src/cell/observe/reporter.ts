import {
  type CallUse,
  type Clock,
  type SpanRecord,
  TELEMETRY_LIMITS,
  type TelemetryReport,
} from '../../core/index.ts';

export interface ReporterOptions {
  readonly clock: Clock;
  readonly reportMs: number;
  /** Hands a report to the host; resolves when the channel has taken it. */
  readonly send: (report: TelemetryReport) => Promise<void>;
  /** What was measured since the last time; undefined when nothing is to be told. */
  readonly takeMetrics: () => TelemetryReport['metrics'];
  /** Kinds of host call that were not told before. @default none */
  readonly takeCalls?: () => readonly CallUse[];
}

/**
 * Hands spans and metrics to the host now and then. One report is under way at a time; what does not fit
 * the queue meanwhile is dropped and counted, so that observing never holds up serving.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #stop: () => void;
  #spans: SpanRecord[] = [];
  #droppedSpans = 0;
  #sending: Promise<void> | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#stop = options.clock.every(options.reportMs, () => void this.#report());
  }

  readonly record = (span: SpanRecord): void => {
    if (this.#spans.length >= TELEMETRY_LIMITS.queuedSpans) this.#droppedSpans += 1;
    else this.#spans.push(span);
    if (this.#spans.length * 2 === TELEMETRY_LIMITS.queuedSpans) void this.#report();
  };

  async #report(): Promise<void> {
    if (this.#sending !== undefined) return;
    const metrics = this.#options.takeMetrics();
    const spans = this.#spans;
    const droppedSpans = this.#droppedSpans;
    const calls = this.#options.takeCalls?.() ?? [];
    if (metrics === undefined && spans.length + droppedSpans + calls.length === 0) return;
    this.#spans = [];
    this.#droppedSpans = 0;
    this.#sending = this.#options.send({
      spans,
      droppedSpans,
      metrics,
      ...(calls.length === 0 ? {} : { calls }),
    });
    await this.#sending;
    this.#sending = undefined;
  }

  /** Stops, and hands over what is left. */
  async finish(): Promise<void> {
    this.#stop();
    await this.#sending;
    await this.#report();
  }
}
