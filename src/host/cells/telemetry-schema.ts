import { z } from 'zod';
import {
  CALL_OUTCOMES,
  COLD_REASONS,
  DURATION_BOUNDS_S,
  type InvocationStatus,
  isErrorCode,
  SPAN_KINDS,
  TELEMETRY_LIMITS,
  type TelemetryReport,
} from '../../core/index.ts';

/** What cells report of their work, believed no more than anything else they say: bounded in kind and number. */

const MAX_ATTRIBUTES = 32;

const count = z.number().int().nonnegative();
const amount = z.number().nonnegative();
const isStatus = (value: unknown): value is InvocationStatus => value === 'ok' || isErrorCode(value);
const status = z.custom<InvocationStatus>(isStatus);
const shortText = z.string().max(TELEMETRY_LIMITS.attributeChars);
/** A name that becomes a label. */
const word = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/);

const statuses = z.record(z.string().refine(isStatus), count);

const durations = z.object({
  counts: z.array(count).length(DURATION_BOUNDS_S.length + 1),
  sumS: amount,
});

const functionReport = z.object({
  id: z.string(),
  inFlight: count,
  queued: count,
  statuses,
  durations,
  queueing: durations,
  coldStarts: z.partialRecord(z.enum(COLD_REASONS), count),
  entries: count,
  droppedLogs: count,
  calls: z
    .array(z.object({ service: word, op: word, statuses, durations }))
    .max(TELEMETRY_LIMITS.callsPerFunction),
});

const spanRecord = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentId: z.string().regex(/^(?:[0-9a-f]{16})?$/),
  tracestate: shortText,
  kind: z.enum(SPAN_KINDS),
  name: shortText,
  startMs: amount,
  endMs: amount,
  status,
  attributes: z
    .record(z.string().max(64), z.union([shortText, z.number(), z.boolean()]))
    .refine((attributes) => Object.keys(attributes).length <= MAX_ATTRIBUTES),
});

const callUse = z.object({
  functionId: z.string().max(64),
  label: z.string().max(64),
  service: z.string().max(64),
  op: word,
  name: z.string().max(TELEMETRY_LIMITS.callNameChars),
  outcome: z.enum(CALL_OUTCOMES),
});

export const telemetryReport: z.ZodType<TelemetryReport> = z.object({
  spans: z.array(spanRecord).max(TELEMETRY_LIMITS.queuedSpans),
  droppedSpans: count,
  metrics: z
    .object({
      rssBytes: amount,
      warm: count,
      blank: count,
      evicted: count,
      droppedReplies: count,
      functions: z.array(functionReport).max(TELEMETRY_LIMITS.functionsPerReport),
    })
    .optional(),
  calls: z.array(callUse).max(TELEMETRY_LIMITS.callUsesPerReport).optional(),
}) as z.ZodType<TelemetryReport>;
