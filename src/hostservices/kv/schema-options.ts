import { z } from 'zod';
import {
  formatBytes,
  formatDuration,
  type KvBucketOptions,
  parseBytes,
  parseDuration,
} from '../../core/index.ts';
import { KV_LIMITS } from './limits.ts';

const HISTORY_SPAN = `the range is 1 to ${KV_LIMITS.historyEntries}`;
const MAX_REPLICAS = 5;
const REPLICAS_SPAN = `the range is 1 to ${MAX_REPLICAS}`;
/** JetStream refuses a bucket whose values live for less. */
const MIN_AGE_MS = 100;

/** Keys of a KV binding that say how its bucket is created. */
export const kvOptionsShape = {
  history: z
    .int()
    .min(1, { error: HISTORY_SPAN })
    .max(KV_LIMITS.historyEntries, { error: HISTORY_SPAN })
    .optional()
    .meta({ description: 'Values that the bucket keeps of each key.', examples: [5] }),
  ttl: z
    .string()
    .regex(/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/, { error: 'it is not a duration' })
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms >= MIN_AGE_MS && ms <= KV_LIMITS.maxTtlMs) return ms;
      context.addIssue({
        code: 'custom',
        message: `the range is ${formatDuration(MIN_AGE_MS)} to ${formatDuration(KV_LIMITS.maxTtlMs)}`,
        params: { hint: 'Leave it out for values that stay' },
      });
      return z.NEVER;
    })
    .optional()
    .meta({ description: 'How long the bucket keeps a value.', examples: ['24h'] }),
  maxBytes: size(
    Number.MAX_SAFE_INTEGER,
    'Size of the whole bucket; when it is full, it takes no more.',
    '1GiB',
  ),
  // The server holds it in 32 bits.
  maxValueBytes: size(2 ** 31 - 1, 'Largest value that the bucket takes.', '64KiB'),
  storage: z.enum(['file', 'memory']).optional().meta({ description: 'Where the bucket is kept.' }),
  replicas: z
    .int()
    .min(1, { error: REPLICAS_SPAN })
    .max(MAX_REPLICAS, { error: REPLICAS_SPAN })
    .optional()
    .meta({ description: 'Servers of a cluster that keep the bucket.', examples: [3] }),
  perKeyTtl: z.boolean().optional().meta({
    description:
      'true: put, create and update may give a value a life of its own (nats-server 2.11.4 or newer).',
  }),
} as const;

export const KV_OPTION_KEYS = [
  'history',
  'ttl',
  'maxBytes',
  'maxValueBytes',
  'storage',
  'replicas',
  'perKeyTtl',
] as const satisfies readonly (keyof typeof kvOptionsShape)[];

type Declared = { readonly [Key in (typeof KV_OPTION_KEYS)[number]]?: unknown } & Omit<
  KvBucketOptions,
  'ttlMs'
> & { readonly ttl?: number | undefined };

/** @returns undefined when nothing is declared */
export function toBucketOptions({ ttl, ...others }: Declared): KvBucketOptions | undefined {
  const entries = Object.entries({ ...others, ttlMs: ttl }).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Options in the form that {@link kvOptionsShape} reads. */
export function kvOptionsToWire(options: KvBucketOptions = {}): object {
  const { ttlMs, maxBytes, maxValueBytes, ...others } = options;
  return {
    ...others,
    ...(ttlMs === undefined ? {} : { ttl: formatDuration(ttlMs) }),
    ...(maxBytes === undefined ? {} : { maxBytes: `${maxBytes}B` }),
    ...(maxValueBytes === undefined ? {} : { maxValueBytes: `${maxValueBytes}B` }),
  };
}

function size(max: number, description: string, example: string) {
  return z
    .string()
    .regex(/^\d+(?:\.\d+)?\s?(?:B|KiB|MiB|GiB|KB|MB|GB)$/, { error: 'it is not a size' })
    .transform((text, context) => {
      const bytes = parseBytes(text);
      if (bytes >= 1 && bytes <= max) return bytes;
      context.addIssue({
        code: 'custom',
        message: `the range is 1B to ${formatBytes(max)}`,
        params: { hint: 'Leave it out for no limit but those of the server' },
      });
      return z.NEVER;
    })
    .optional()
    .meta({ description, examples: [example] });
}
