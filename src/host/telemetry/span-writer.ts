import {
  createTraceState,
  type HrTime,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { SpanRecord } from '../../core/index.ts';

const KINDS = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Gives a tracer the ids that a span already has: what was sent out within it names them. */
export class RecordedIds {
  traceId = '';
  spanId = '';
  readonly generateTraceId = (): string => this.traceId;
  readonly generateSpanId = (): string => this.spanId;
}

/** Writes spans that are over, as cells report them. */
export class SpanWriter {
  readonly #tracer: Tracer;
  readonly #ids: RecordedIds;

  /** @param ids what the tracer's provider generates its ids with */
  constructor(tracer: Tracer, ids: RecordedIds) {
    this.#tracer = tracer;
    this.#ids = ids;
  }

  write(namespace: string, record: SpanRecord): void {
    const { traceId, spanId, parentId, tracestate, name, kind, status, attributes } = record;
    this.#ids.traceId = traceId;
    this.#ids.spanId = spanId;
    const parent =
      parentId === ''
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, {
            traceId,
            spanId: parentId,
            traceFlags: TraceFlags.SAMPLED,
            isRemote: kind === 'consumer' || kind === 'server',
            ...(tracestate === '' ? {} : { traceState: createTraceState(tracestate) }),
          });
    const options = {
      kind: KINDS[kind],
      startTime: toHrTime(record.startMs),
      // Which namespace it is the host knows better than the cell.
      attributes: { ...attributes, 'hairspring.namespace': namespace },
    };
    const span = this.#tracer.startSpan(name, options, parent);
    if (status !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR, message: status });
    span.end(toHrTime(Math.max(record.startMs, record.endMs)));
  }
}

/** The API takes a number for one of two clocks, by its size. */
function toHrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1_000);
  return [seconds, Math.round((epochMs - seconds * 1_000) * 1e6)];
}
