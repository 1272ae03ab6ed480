/**
 * Schemas of every request body, read as Nex's generated Go decoders read them: a required key must
 * be there, `null` stands for the zero value, unknown keys are ignored.
 */
import type { Msg } from '@nats-io/nats-core';
import { z } from 'zod';
import { HairspringError, isToken, SYSTEM_NAMESPACE } from '../core/index.ts';
import type { AuctionRequest, StartWorkloadRequest } from './types.ts';

const text = z
  .string()
  .nullable()
  .transform((value) => value ?? '');
const stringMap = z.record(z.string(), z.string()).nullable();
/** Go takes any JSON value in metadata; ours are strings. */
const metadata = z
  .record(z.string(), z.unknown())
  .transform((map) =>
    Object.fromEntries(
      Object.entries(map).map(([key, value]) => [
        key,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  )
  .nullish();

export const nodePingRequest = z.object({ filter: stringMap });

export const lameDuckRequest = z.object({ delay: text, tag: stringMap.optional() });

export const auctionRequest: z.ZodType<AuctionRequest> = z.object({
  agent_type: text,
  auction_id: text,
  tags: stringMap,
});

export const startWorkloadRequest: z.ZodType<StartWorkloadRequest> = z.object({
  name: text,
  namespace: text,
  description: text,
  workload_type: text,
  workload_lifecycle: text,
  run_request: text,
  tags: stringMap,
  metadata,
  reference: z
    .string()
    .nullish()
    .transform((value) => value ?? undefined),
  expected_version: z
    .string()
    .nullish()
    .transform((value) => value ?? undefined),
});

export const stopWorkloadRequest = z.object({ namespace: text });

export const cloneWorkloadRequest = z.object({ namespace: text, new_target_xkey: text });

export const listWorkloadsRequest = z.object({
  namespace: text,
  filter: z
    .array(z.string())
    .nullable()
    .transform((value) => value ?? []),
});

/** Without an id all invocations are meant. */
export const cancelRequest = z.object({ invocation_id: z.string().min(1).max(64).exactOptional() });

/** Longest lease that one HS.TAP grants. */
const MAX_TAP_LEASE_MS = 60_000;

export const tapRequest = z.object({ lease_ms: z.number().int().min(1).max(MAX_TAP_LEASE_MS) });

/**
 * Parses the body of `msg`.
 * @throws HS_REQUEST_INVALID naming `what` and the key that is missing or wrong
 */
export function parseBody<Body>(schema: z.ZodType<Body>, msg: Msg, what: string): Body {
  let value: unknown;
  try {
    value = msg.json();
  } catch (error) {
    throw new HairspringError('HS_REQUEST_INVALID', `Cannot read the ${what}: the body is not JSON`, {
      cause: error,
    });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  const where = path === '' ? 'the body' : `"${path}"`;
  const missing = issue !== undefined && issue.path.length === 1 && !hasKey(value, String(issue.path[0]));
  const complaint = missing ? 'is required' : `is not valid (${issue?.message ?? 'unknown reason'})`;
  throw new HairspringError('HS_REQUEST_INVALID', `Cannot read the ${what}: ${where} ${complaint}`);
}

function hasKey(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}

/** The token of `subject` at `index` (0-based). */
export function subjectToken(subject: string, index: number): string {
  return subject.split('.')[index] ?? '';
}

/** The namespace token of `$NEX.SVC.<ns>.control.…`. */
export function subjectNamespace(subject: string): string {
  return subjectToken(subject, 2);
}

/**
 * Holds a request to the namespace of its subject; only `system` may speak for others.
 * @throws HS_REQUEST_INVALID for a name that is no token, HS_NAMESPACE_MISMATCH for a foreign one
 */
export function checkNamespace(subject: string, namespace: string): void {
  const allowed = subjectNamespace(subject);
  if (namespace !== allowed && allowed !== SYSTEM_NAMESPACE) {
    throw new HairspringError('HS_NAMESPACE_MISMATCH', `Namespace mismatch: ${allowed} != ${namespace}`);
  }
  if (!isToken(namespace)) {
    throw new HairspringError('HS_REQUEST_INVALID', `Cannot use "${namespace}" as a namespace`, {
      hint: 'Use 1 to 64 letters, digits, - or _',
    });
  }
}
