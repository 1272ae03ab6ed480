import { httpTriggerSchema } from './http/schema.ts';
import { subjectTriggerSchema } from './subject/schema.ts';

export { httpTriggerToWire } from './http/schema.ts';

/** What a trigger may be in a Nexfile, by the key that names its kind. A new kind is one folder and one line here. */
export const TRIGGER_SCHEMAS = {
  subject: subjectTriggerSchema,
  http: httpTriggerSchema,
} as const;

/** Kinds that the Nexfile format has and this version does not run. */
export const PLANNED_TRIGGERS = ['stream', 'schedule', 'kv', 'objectstore'] as const;
