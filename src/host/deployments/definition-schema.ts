import { z } from 'zod';
import { DEFAULT_LIMITS, type FunctionDefinition, HTTP_METHODS } from '../../core/index.ts';

const text = z.record(z.string(), z.string());
const count = z.number().int().nonnegative();
const captures = z.array(z.object({ index: count, name: z.string(), rest: z.boolean() }));

/** A stored definition. Strict about what a cell relies on, so that an altered bucket cannot widen a grant by accident. */
const definitionSchema: z.ZodType<FunctionDefinition> = z.object({
  format: z.literal(1),
  id: z.string().min(1),
  namespace: z.string(),
  name: z.string(),
  // Definitions of the first version had JavaScript only.
  type: z.enum(['javascript', 'wasm']).default('javascript'),
  version: z.string(),
  description: z.string(),
  tags: text,
  metadata: text,
  artifact: z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/), bytes: count }),
  triggers: z.array(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('subject'),
        pattern: z.string(),
        subject: z.string(),
        captures,
        fanout: z.boolean(),
      }),
      z.object({
        kind: z.literal('http'),
        pattern: z.string().startsWith('/'),
        captures,
        methods: z.array(z.enum(HTTP_METHODS)),
      }),
    ]),
  ),
  bindings: z.record(
    z.string(),
    z.discriminatedUnion('service', [
      z.object({
        service: z.literal('kv'),
        bucket: z.string(),
        access: z.enum(['read', 'write', 'read-write']),
        keys: z.string(),
        existing: z.boolean(),
        options: z
          .object({
            history: count,
            ttlMs: count,
            maxBytes: count,
            maxValueBytes: count,
            storage: z.enum(['file', 'memory']),
            replicas: count,
            perKeyTtl: z.boolean(),
          })
          .partial()
          .optional(),
      }),
      z.object({
        service: z.literal('objectstore'),
        bucket: z.string(),
        access: z.enum(['read', 'write', 'read-write']),
        existing: z.boolean(),
        create: z.object({
          description: z.string().optional(),
          maxBytes: count.optional(),
          ttlMs: count.optional(),
          storage: z.enum(['file', 'memory']),
          replicas: count,
        }),
      }),
      z.object({
        service: z.literal('http'),
        urls: z.array(z.string()),
        methods: z.array(z.string()),
        private: z.boolean(),
      }),
      z.object({
        service: z.literal('messaging'),
        publish: z.array(z.string()),
        request: z.array(z.string()),
        // Definitions of before there were such calls have none.
        call: z.array(z.string()).default([]),
      }),
      z.object({ service: z.literal('secret'), secret: z.string() }),
    ]),
  ),
  environment: text,
  limits: z.object({
    timeoutMs: count,
    cpuMs: count,
    memoryBytes: count,
    concurrency: count,
    queue: count,
    payloadBytes: count,
    // Definitions of before there was such a limit have none.
    minWarm: count.default(DEFAULT_LIMITS.minWarm),
  }),
  deployedAt: z.string(),
  runRequest: z.string(),
});

/** @returns undefined when the bytes are not a definition of this format */
export function parseDefinition(bytes: Uint8Array): FunctionDefinition | undefined {
  try {
    return definitionSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
