import {
  ERROR_CODES,
  type FinishedInvocation,
  type FunctionSpec,
  formatTraceParent,
  type InvocationStatus,
  type ObservedCall,
  type ObservedInvocation,
  type Redact,
  readTraceCarrier,
  SilentObserver,
  type SpanRecord,
  type TraceSampler,
} from '../../core/index.ts';
import { createSpanId, type JoinedTrace, joinTrace } from './span-ids.ts';
import {
  callAttributes,
  callKind,
  callName,
  triggerAttributes,
  triggerKind,
  triggerName,
} from './span-text.ts';

/** What is known of a traced invocation until it ends. */
interface OpenTrace extends JoinedTrace {
  /** Of the span from acceptance to reply. */
  readonly triggerSpanId: string;
  /** Of the span in which the guest works on it: what it sends out belongs to this one. */
  readonly invocationSpanId: string;
}

type SpanDetails = Omit<SpanRecord, 'traceId' | 'tracestate' | 'startMs' | 'endMs'>;

/** Makes spans of invocations and host calls, and gives each invocation its place in its caller's trace. */
export class Tracer extends SilentObserver {
  readonly #sampler: TraceSampler;
  readonly #record: (span: SpanRecord) => void;
  /** The monotonic clock's zero, in milliseconds since the epoch. */
  readonly #epochMs: number;
  readonly #redactOf: (spec: FunctionSpec) => Redact | undefined;
  readonly #open = new WeakMap<ObservedInvocation, OpenTrace>();
  readonly #callSpanIds = new WeakMap<ObservedCall, string>();

  /** @param redactOf what takes the secrets of a function out of a text, if it has some */
  constructor(
    sampler: TraceSampler,
    record: (span: SpanRecord) => void,
    epochMs: number,
    redactOf: (spec: FunctionSpec) => Redact | undefined,
  ) {
    super();
    this.#sampler = sampler;
    this.#record = record;
    this.#epochMs = epochMs;
    this.#redactOf = redactOf;
  }

  override wantsDetails(): boolean {
    return true;
  }

  override onReceived(_spec: FunctionSpec, flight: ObservedInvocation): void {
    const joined = joinTrace(readTraceCarrier(flight.invocation.headers), this.#sampler);
    const trace = { ...joined, triggerSpanId: createSpanId(), invocationSpanId: createSpanId() };
    flight.trace = carrierOf(trace, trace.invocationSpanId);
    if (trace.sampled) this.#open.set(flight, trace);
  }

  override onFinished(
    spec: FunctionSpec,
    { flight, status, finishedMs, replyBytes }: FinishedInvocation,
  ): void {
    const trace = this.#open.get(flight);
    if (trace === undefined) return;
    const { triggerSpanId, invocationSpanId } = trace;
    const { id, acceptedMs, startedMs, coldReason } = flight;
    const begunMs = startedMs === 0 ? finishedMs : startedMs;
    const asSpan = (details: SpanDetails, fromMs: number, toMs: number): void =>
      this.#add(trace, details, fromMs, toMs);
    asSpan(
      {
        spanId: triggerSpanId,
        parentId: trace.parentId,
        kind: triggerKind(spec, flight.invocation),
        name: triggerName(spec, flight.invocation),
        status,
        attributes: {
          ...triggerAttributes(spec, flight.invocation, this.#redactOf(spec)),
          ...errorAttributes(status),
        },
      },
      acceptedMs,
      finishedMs,
    );
    const queue = {
      spanId: createSpanId(),
      parentId: triggerSpanId,
      kind: 'internal',
      name: 'queue',
    } as const;
    asSpan({ ...queue, status: startedMs === 0 ? status : 'ok', attributes: {} }, acceptedMs, begunMs);
    if (startedMs === 0) return;
    asSpan(
      {
        spanId: invocationSpanId,
        parentId: triggerSpanId,
        kind: 'internal',
        name: `invoke ${spec.name}`,
        status,
        attributes: {
          'faas.name': spec.name,
          'faas.version': spec.version,
          'faas.trigger': triggerKind(spec, flight.invocation) === 'server' ? 'http' : 'pubsub',
          'faas.invocation_id': String(id),
          'faas.coldstart': coldReason !== undefined,
          ...(coldReason === undefined ? {} : { 'hairspring.cold_reason': coldReason }),
          'hairspring.reply.size': replyBytes,
          ...errorAttributes(status),
        },
      },
      begunMs,
      finishedMs,
    );
  }

  override onCallStarted(_spec: FunctionSpec, call: ObservedCall): void {
    const trace = this.#open.get(call.flight);
    if (trace === undefined) {
      call.trace = call.flight.trace;
      return;
    }
    const spanId = createSpanId();
    call.trace = carrierOf(trace, spanId);
    this.#callSpanIds.set(call, spanId);
  }

  override onCallFinished(
    spec: FunctionSpec,
    call: ObservedCall,
    status: InvocationStatus,
    finishedMs: number,
  ): void {
    const trace = this.#open.get(call.flight);
    const spanId = this.#callSpanIds.get(call);
    if (trace === undefined || spanId === undefined) return;
    const details: SpanDetails = {
      spanId,
      parentId: trace.invocationSpanId,
      kind: callKind(call),
      name: callName(spec, call, status),
      status,
      attributes: { ...callAttributes(spec, call, this.#redactOf(spec)), ...errorAttributes(status) },
    };
    this.#add(trace, details, call.startedMs, finishedMs);
  }

  #add({ traceId, tracestate }: JoinedTrace, details: SpanDetails, fromMs: number, toMs: number): void {
    const startMs = this.#epochMs + fromMs;
    this.#record({ traceId, tracestate, ...details, startMs, endMs: this.#epochMs + toMs });
  }
}

function carrierOf(
  { traceId, tracestate, sampled }: JoinedTrace,
  spanId: string,
): { readonly traceparent: string; readonly tracestate: string } {
  return { traceparent: formatTraceParent({ traceId, spanId, sampled }), tracestate };
}

function errorAttributes(status: InvocationStatus): Readonly<Record<string, string | number | boolean>> {
  if (status === 'ok') return {};
  return { 'error.type': status, 'hairspring.error.fault': ERROR_CODES[status].fault };
}
