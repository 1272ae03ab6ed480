import { z } from 'zod';
import {
  formatBytes,
  formatDuration,
  type ObjectStoreBinding,
  parseBytes,
  parseDuration,
} from '../../core/index.ts';
import { bucketSchema } from '../shared/bucket-schema.ts';

const MAX_DESCRIPTION_CHARS = 1024;
const MAX_REPLICAS = 5;
/** JetStream takes no shorter one. */
const MIN_TTL_MS = 100;

const maxBytesSchema = z
  .string()
  .regex(/^\d+(?:\.\d+)?\s?(?:B|KiB|MiB|GiB|KB|MB|GB)$/, { error: 'it is not a size, such as 10GiB' })
  .transform((text, context) => {
    const bytes = parseBytes(text);
    if (bytes >= 1) return bytes;
    context.addIssue({ code: 'custom', message: 'a bucket has room for a byte or more' });
    return z.NEVER;
  })
  .meta({
    description: 'How large the bucket may become, when it is created. Without it: as the server allows.',
    examples: ['10GiB'],
  });

const ttlSchema = z
  .string()
  .regex(/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/, { error: 'it is not a duration, such as 24h' })
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms >= MIN_TTL_MS) return ms;
    context.addIssue({ code: 'custom', message: `the shortest is ${formatDuration(MIN_TTL_MS)}` });
    return z.NEVER;
  })
  .meta({
    description: 'After how long objects go, when the bucket is created. Without it they stay.',
    examples: ['24h'],
  });

/** `objectstore: bucket` as written in a Nexfile, parsed into an {@link ObjectStoreBinding}. */
export const objectStoreBindingSchema = z
  .strictObject({
    objectstore: bucketSchema.meta({
      description: 'Bucket of the JetStream object store.',
      examples: ['photos'],
    }),
    access: z.enum(['read', 'write', 'read-write']).default('read').meta({
      description: 'What the function may do with the objects.',
    }),
    existing: z.boolean().default(false).meta({
      description:
        'true: the bucket must exist, and deploying fails without it. false: deploying creates it where missing.',
    }),
    description: z
      .string()
      .max(MAX_DESCRIPTION_CHARS, { error: `it has at most ${MAX_DESCRIPTION_CHARS} characters` })
      .optional()
      .meta({ description: 'One line about the bucket, when it is created.' }),
    maxBytes: maxBytesSchema.optional(),
    ttl: ttlSchema.optional(),
    storage: z.enum(['file', 'memory']).optional().meta({
      description: 'Where the bucket is kept when it is created; file by default.',
    }),
    replicas: z
      .int()
      .min(1, { error: `the range is 1 to ${MAX_REPLICAS}` })
      .max(MAX_REPLICAS, { error: `the range is 1 to ${MAX_REPLICAS}` })
      .optional()
      .meta({ description: 'On how many servers the bucket is kept when it is created; 1 by default.' }),
  })
  .superRefine(({ existing, ...rest }, context) => {
    if (!existing) return;
    for (const key of ['description', 'maxBytes', 'ttl', 'storage', 'replicas'] as const) {
      if (rest[key] === undefined) continue;
      context.addIssue({
        code: 'custom',
        path: [key],
        message: 'it says how the bucket is created, and existing: true says that it is not',
        params: { target: 'key', hint: `Remove either "${key}" or "existing"` },
      });
    }
  })
  .transform(
    ({
      objectstore,
      access,
      existing,
      description,
      maxBytes,
      ttl,
      storage = 'file',
      replicas = 1,
    }): ObjectStoreBinding => ({
      service: 'objectstore',
      bucket: objectstore,
      access,
      existing,
      create: {
        storage,
        replicas,
        ...(description === undefined ? {} : { description }),
        ...(maxBytes === undefined ? {} : { maxBytes }),
        ...(ttl === undefined ? {} : { ttlMs: ttl }),
      },
    }),
  );

/** A binding in the form that {@link objectStoreBindingSchema} reads. */
export function objectStoreToWire({
  bucket,
  access,
  existing,
  create,
}: ObjectStoreBinding): z.input<typeof objectStoreBindingSchema> {
  const grant = { objectstore: bucket, access, existing };
  if (existing) return grant;
  const { description, maxBytes, ttlMs, storage, replicas } = create;
  return {
    ...grant,
    storage,
    replicas,
    ...(description === undefined ? {} : { description }),
    ...(maxBytes === undefined ? {} : { maxBytes: exactBytes(maxBytes) }),
    ...(ttlMs === undefined ? {} : { ttl: formatDuration(ttlMs) }),
  };
}

/** `formatBytes` rounds; what is read back must be the same number. */
function exactBytes(bytes: number): string {
  const text = formatBytes(bytes);
  return parseBytes(text) === bytes ? text : `${bytes}B`;
}
