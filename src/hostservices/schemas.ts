import { httpBindingSchema } from './http/schema.ts';
import { kvBindingSchema } from './kv/schema.ts';
import { callBindingSchema, publishBindingSchema, requestBindingSchema } from './messaging/schema.ts';
import { objectStoreBindingSchema } from './objectstore/schema.ts';
import { secretBindingSchema } from './secrets/schema.ts';

/** What a binding may be in a Nexfile, by the key that names its host service. A new one is one folder and one line here. */
export const BINDING_SCHEMAS = {
  kv: kvBindingSchema,
  objectstore: objectStoreBindingSchema,
  http: httpBindingSchema,
  publish: publishBindingSchema,
  request: requestBindingSchema,
  call: callBindingSchema,
  secret: secretBindingSchema,
} as const;

/** Keys that name the same host service and may stand in one binding. */
export const BINDING_COMPANIONS = ['publish', 'request', 'call'] as const;

export { kvOptionsToWire } from './kv/schema-options.ts';
export { objectStoreToWire } from './objectstore/schema.ts';
