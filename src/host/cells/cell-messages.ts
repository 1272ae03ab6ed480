import { z } from 'zod';
import {
  type ActivateResult,
  type CellCommandName,
  type CellCommands,
  type CellStats,
  type CellToHost,
  type CheckResult,
  CODE_CACHE_TAG,
  COLD_REASONS,
  type ErrorCode,
  HairspringError,
  HTTP_LIMITS,
  type HttpAnswerRecord,
  LOG_LEVELS,
  MAX_CODE_CACHE_BYTES,
  type WireError,
} from '../../core/index.ts';
import { telemetryReport } from './telemetry-schema.ts';

/** Guest code that broke out of its isolate speaks with the cell's voice, so the host believes nothing it says. */

const count = z.number().int().nonnegative();
const port = z.number().int().min(1).max(65_535);

const wireError: z.ZodType<WireError> = z.object({
  // `HairspringError.fromWire` replaces codes that are none.
  code: z.custom<ErrorCode>((value) => typeof value === 'string'),
  message: z.string(),
  hint: z.string().exactOptional(),
  position: z
    .object({ file: z.string(), line: count, column: count, lineText: z.string().exactOptional() })
    .exactOptional(),
});

const logFields = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.undefined()]));

const httpFields = z
  .array(z.string())
  .max(2 * HTTP_LIMITS.responseHeaders)
  .refine((fields) => fields.reduce((sum, { length }) => sum + length, 0) <= HTTP_LIMITS.responseHeaderChars);

const httpBody = z
  .union([z.string(), z.instanceof(Uint8Array)])
  .refine((body) => Buffer.byteLength(body) <= HTTP_LIMITS.responseBytes, { error: 'it is too large' });

const httpAnswer: z.ZodType<HttpAnswerRecord> = z.union([
  z.tuple([count, z.int().min(200).max(599), httpFields, httpBody]),
  z.tuple([count, wireError]),
]);

const messageSchema: z.ZodType<CellToHost> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('answers'), answers: z.array(httpAnswer) }),
  z.object({ type: z.literal('ready') }),
  z.discriminatedUnion('ok', [
    z.object({ type: z.literal('reply'), requestId: count, ok: z.literal(true), result: z.unknown() }),
    z.object({ type: z.literal('reply'), requestId: count, ok: z.literal(false), error: wireError }),
  ]),
  z.object({ type: z.literal('dial'), dialId: count, host: z.string().min(1), port }),
  z.object({
    type: z.literal('log'),
    record: z.object({ level: z.enum(LOG_LEVELS), message: z.string(), fields: logFields }),
  }),
  z.object({ type: z.literal('inspected'), sessionId: count, message: z.string().nullable() }),
  z.object({ type: z.literal('closed'), reason: z.string() }),
  z.object({ type: z.literal('telemetry'), report: telemetryReport }),
]);

const checkResult: z.ZodType<CheckResult> = z.object({
  handlers: z.array(z.string()),
  heapBytes: z.number(),
  codeCache: z
    .object({
      tag: z.string().regex(CODE_CACHE_TAG),
      bytes: z
        .instanceof(Uint8Array)
        .refine(({ length }) => length > 0 && length <= MAX_CODE_CACHE_BYTES, { error: 'it is too large' }),
    })
    .nullable(),
});

const activateResult: z.ZodType<ActivateResult> = z.object({
  sids: z.array(z.array(count)),
  invokeSids: z.array(count),
  refused: z.array(z.string()),
});

const cellStats: z.ZodType<CellStats> = z.object({
  rssBytes: z.number(),
  warm: z.number(),
  spareIsolates: z.number(),
  warmBytes: z.number(),
  codeBytes: z.number(),
  refills: z.number(),
  refillMs: z.number(),
  inFlight: z.number(),
  droppedReplies: z.number(),
  functions: z.array(
    z.object({
      id: z.string(),
      state: z.enum(['idle', 'warm']),
      invocations: z.number(),
      errors: z.number(),
      coldStarts: z.number(),
      coldReasons: z.record(z.enum(COLD_REASONS), z.number()),
      prewarmed: z.number(),
      inFlight: z.number(),
      queued: z.number(),
      busyMs: z.number(),
      lastColdMs: z.number(),
      heapBytes: z.number(),
    }),
  ),
});

const resultSchemas: { readonly [Name in CellCommandName]: z.ZodType<CellCommands[Name]['result']> } = {
  assign: z.object({ encrypted: z.boolean() }),
  check: checkResult,
  activate: activateResult,
  renew: z.null(),
  openSecret: z.null(),
  deactivate: z.null(),
  adopt: z.null(),
  cancel: z.object({ cancelled: count }),
  inspect: z.null(),
  tap: z.null(),
  stats: cellStats,
  drain: z.null(),
};

function parse<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  throw new HairspringError('HS_INTERNAL', `Cannot read ${what} of a cell: ${z.prettifyError(error)}`);
}

/** @throws HS_INTERNAL when it is none */
export function parseCellMessage(value: unknown): CellToHost {
  return parse(messageSchema, value, 'a message');
}

/** @throws HS_INTERNAL when it is not what `name` answers with */
export function parseCellResult<Name extends CellCommandName>(
  name: Name,
  value: unknown,
): CellCommands[Name]['result'] {
  return parse(resultSchemas[name], value, `the result of ${name}`);
}
