/** W3C Trace Context in message headers: https://www.w3.org/TR/trace-context/ */
import type { HeaderPairs } from './invocation.ts';

/** A place in a trace, in the form in which it travels. */
export interface TraceCarrier {
  /** `00-<trace id>-<span id>-<flags>`. */
  readonly traceparent: string;
  /** What vendors add; empty when there is none. */
  readonly tracestate: string;
}

/** A place in a trace, taken apart. */
export interface TraceParent {
  /** 32 hex digits, lower case. */
  readonly traceId: string;
  /** 16 hex digits, lower case. */
  readonly spanId: string;
  readonly sampled: boolean;
}

export const TRACE_HEADERS = { traceparent: 'traceparent', tracestate: 'tracestate' } as const;

const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const MAX_TRACEPARENT_CHARS = 256;
/** Longer ones may be dropped, says the standard. */
const MAX_TRACESTATE_CHARS = 512;
const TRACESTATE = /^[\t\u0020-\u007e]*$/;

/** @returns undefined when it is not valid: the trace then begins anew */
export function parseTraceParent(text: string): TraceParent | undefined {
  if (text.length > MAX_TRACEPARENT_CHARS) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = TRACEPARENT.exec(text) ?? [];
  // Later versions may add fields, the present one may not.
  if (version === undefined || (version === '00' && rest !== undefined)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** A place in a trace as version 00 writes it. */
export function formatTraceParent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** The place in a trace that a message says it comes from; undefined when it says none, several or a wrong one. */
export function readTraceCarrier(headers: HeaderPairs | undefined): TraceCarrier | undefined {
  if (headers === undefined) return undefined;
  let traceparent: string | undefined;
  let tracestate = '';
  for (const [name, value] of headers) {
    if (isNamed(name, TRACE_HEADERS.traceparent)) {
      if (traceparent !== undefined) return undefined;
      traceparent = value;
    } else if (isNamed(name, TRACE_HEADERS.tracestate)) tracestate += tracestate === '' ? value : `,${value}`;
  }
  if (traceparent === undefined || parseTraceParent(traceparent) === undefined) return undefined;
  const keeps = tracestate.length <= MAX_TRACESTATE_CHARS && TRACESTATE.test(tracestate);
  return { traceparent, tracestate: keeps ? tracestate : '' };
}

function isNamed(name: string, wanted: string): boolean {
  return name.length === wanted.length && name.toLowerCase() === wanted;
}

/** Who sends something on behalf of an invocation. */
interface TraceOrigin {
  readonly trace?: TraceCarrier | undefined;
  readonly invocation?: { readonly headers: HeaderPairs | undefined };
}

/**
 * The headers by which what is sent out belongs to the caller's trace. Where nothing is traced they are
 * those of the message that came in, so that a trace is not torn by a node that does not take part.
 */
export function traceHeaderPairs({ trace, invocation }: TraceOrigin): HeaderPairs {
  const carrier = trace ?? readTraceCarrier(invocation?.headers);
  if (carrier === undefined) return [];
  const parent = [TRACE_HEADERS.traceparent, carrier.traceparent] as const;
  return carrier.tracestate === '' ? [parent] : [parent, [TRACE_HEADERS.tracestate, carrier.tracestate]];
}
