import { z } from 'zod';
import type { KvBinding } from '../../core/index.ts';
import { bucketSchema } from '../shared/bucket-schema.ts';
import { isKeyFilter } from './grant.ts';
import { KV_LIMITS } from './limits.ts';
import { KV_OPTION_KEYS, kvOptionsShape, toBucketOptions } from './schema-options.ts';

const keysSchema = z
  .string()
  .refine(isKeyFilter, {
    error: 'it is not a key filter',
    params: {
      hint: `Write tokens of letters, digits and -/_= between dots, with * for one token and > last for the rest, such as t.>, in at most ${KV_LIMITS.keyBytes} bytes`,
    },
  })
  .default('>')
  .meta({ description: 'Keys that the grant covers, as a NATS filter.', examples: ['t.>'] });

/** `kv: bucket` as written in a Nexfile, parsed into a {@link KvBinding}. */
export const kvBindingSchema = z
  .strictObject({
    kv: bucketSchema.meta({
      description: 'Bucket of the JetStream key-value store.',
      examples: ['counters'],
    }),
    access: z.enum(['read', 'write', 'read-write']).default('read').meta({
      description: 'What the function may do with the keys.',
    }),
    keys: keysSchema,
    existing: z.boolean().default(false).meta({
      description:
        'true: the bucket must exist, and deploying fails without it. false: deploying creates it where missing.',
    }),
    ...kvOptionsShape,
  })
  .superRefine((binding, context) => {
    if (!binding.existing) return;
    for (const key of KV_OPTION_KEYS) {
      if (binding[key] === undefined) continue;
      context.addIssue({
        code: 'custom',
        path: [key],
        message: 'it says how the bucket is created, and existing: true says that it is not',
        params: { target: 'key', hint: `Leave ${key} out, or leave out existing: true` },
      });
    }
  })
  .transform(({ kv, access, keys, existing, ...declared }): KvBinding => {
    const options = toBucketOptions(declared);
    return {
      service: 'kv',
      bucket: kv,
      access,
      keys,
      existing,
      ...(options === undefined ? {} : { options }),
    };
  });
