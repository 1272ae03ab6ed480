import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Clock, Logger } from '../../core/index.ts';

const MAX_QUEUED = 8_192;
const BATCH = 512;
/** A collector that is away is told of so often. */
const COMPLAIN_EVERY_MS = 60_000;
/** `ExportResultCode.SUCCESS` of `@opentelemetry/core`. */
const SUCCESS = 0;

export interface SpanQueueOptions {
  readonly exporter: SpanExporter;
  readonly exportMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onDropped: (where: 'node' | 'export', count: number) => void;
}

/** Exports finished spans one batch after the other. What does not fit the queue meanwhile is dropped and counted. */
export class SpanQueue implements SpanProcessor {
  readonly #options: SpanQueueOptions;
  readonly #stop: () => void;
  #queue: ReadableSpan[] = [];
  #exporting: Promise<void> | undefined;
  #complainedMs = Number.NEGATIVE_INFINITY;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
    this.#stop = options.clock.every(options.exportMs, () => void this.forceFlush());
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#queue.length >= MAX_QUEUED) this.#options.onDropped('node', 1);
    else this.#queue.push(span);
    if (this.#queue.length >= BATCH && this.#exporting === undefined) void this.forceFlush();
  }

  async forceFlush(): Promise<void> {
    this.#exporting ??= this.#exportAll().finally(() => {
      this.#exporting = undefined;
    });
    await this.#exporting;
  }

  async #exportAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH);
      const error = await this.#export(batch);
      if (error === undefined) continue;
      this.#options.onDropped('export', batch.length);
      this.#complain(error, batch.length);
    }
  }

  #export(batch: ReadableSpan[]): Promise<string | undefined> {
    return new Promise((resolve) => {
      try {
        this.#options.exporter.export(batch, ({ code, error }) =>
          resolve(code === SUCCESS ? undefined : (error?.message ?? 'the collector did not take them')),
        );
      } catch (error) {
        resolve(error instanceof Error ? error.message : String(error));
      }
    });
  }

  #complain(error: string, spans: number): void {
    const { clock, logger } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#complainedMs < COMPLAIN_EVERY_MS) return;
    this.#complainedMs = nowMs;
    logger.warn('Spans could not be exported', { error, spans });
  }

  async shutdown(): Promise<void> {
    this.#stop();
    await this.forceFlush();
    await this.#options.exporter.shutdown();
  }
}
