import { httpBindingSchema } from './http/schema.ts';
import { kvBindingSchema } from './kv/schema.ts';
import { publishBindingSchema, requestBindingSchema } from './messaging/schema.ts';
import { objectStoreBindingSchema } from './objectstore/schema.ts';

/** What a binding may be in a Nexfile, by the key that names its host service. A new one is one folder and one line here. */
export const BINDING_SCHEMAS = {
  kv: kvBindingSchema,
  objectstore: objectStoreBindingSchema,
  http: httpBindingSchema,
  publish: publishBindingSchema,
  request: requestBindingSchema,
} as const;

/** Keys that name the same host service and may stand in one binding. */
export const BINDING_COMPANIONS = ['publish', 'request'] as const;

/** Host services that the Nexfile format has and this version does not offer. */
export const PLANNED_BINDINGS = ['secret'] as const;

export { objectStoreToWire } from './objectstore/schema.ts';
