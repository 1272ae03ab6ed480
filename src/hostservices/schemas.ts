import { httpBindingSchema } from './http/schema.ts';
import { kvBindingSchema } from './kv/schema.ts';

/** What a binding may be in a Nexfile, by the key that names its host service. A new one is one folder and one line here. */
export const BINDING_SCHEMAS = {
  kv: kvBindingSchema,
  http: httpBindingSchema,
} as const;

/** Host services that the Nexfile format has and this version does not offer. */
export const PLANNED_BINDINGS = ['objectstore', 'publish', 'request', 'secret'] as const;
