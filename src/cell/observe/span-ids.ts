import { randomFillSync } from 'node:crypto';
import {
  parseTraceParent,
  type TraceCarrier,
  type TraceParent,
  type TraceSampler,
} from '../../core/index.ts';

const POOL_BYTES = 8_192;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** Random bytes as hex digits, drawn from the system a few thousand at a time. */
function randomHex(bytes: number): string {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const hex = pool.toString('hex', used, used + bytes);
  used += bytes;
  // All zeros means none, to the standard.
  return /^0+$/.test(hex) ? randomHex(bytes) : hex;
}

export function createSpanId(): string {
  return randomHex(8);
}

/** The trace that an invocation belongs to. */
export interface JoinedTrace {
  readonly traceId: string;
  /** Of the caller's span; empty when the trace begins here. */
  readonly parentId: string;
  readonly tracestate: string;
  readonly sampled: boolean;
}

/** The caller's trace, or one that begins here; and whether it is recorded. */
export function joinTrace(caller: TraceCarrier | undefined, sampler: TraceSampler): JoinedTrace {
  const parent = caller === undefined ? undefined : parseTraceParent(caller.traceparent);
  const traceId = parent?.traceId ?? randomHex(16);
  return {
    traceId,
    parentId: parent?.spanId ?? '',
    tracestate: caller?.tracestate ?? '',
    sampled: isSampled(traceId, parent, sampler),
  };
}

/** By the trace's id, so that all who take part decide alike; OpenTelemetry's SDK for JavaScript takes the same bits. */
function isSampled(
  traceId: string,
  parent: TraceParent | undefined,
  { parentBased, ratio }: TraceSampler,
): boolean {
  if (parentBased && parent !== undefined) return parent.sampled;
  if (ratio >= 1) return true;
  let mixed = 0;
  for (let at = 0; at < 32; at += 8) mixed = (mixed ^ Number.parseInt(traceId.slice(at, at + 8), 16)) >>> 0;
  return mixed < Math.floor(ratio * 0xffff_ffff);
}
