import { z } from 'zod';
import { forbiddenTriggerReason, isSubject, type MessagingBinding } from '../../core/index.ts';
import { MESSAGING_LIMITS } from './limits.ts';

const HINT = 'Name subjects of your own, such as images.*.done or ocr.>, beginning with a plain word';

const patternSchema = z.string().superRefine((pattern, context) => {
  const reason = isSubject(pattern)
    ? forbiddenTriggerReason(pattern)
    : 'it is not a valid NATS subject (no empty tokens, spaces or control characters)';
  if (reason !== undefined) context.addIssue({ code: 'custom', message: reason, params: { hint: HINT } });
});

function patternsSchema(does: string, example: string): z.ZodType<readonly string[], string[]> {
  return z
    .array(patternSchema)
    .min(1, { error: 'it names no subject' })
    .max(MESSAGING_LIMITS.patterns, { error: `a binding has at most ${MESSAGING_LIMITS.patterns} subjects` })
    .meta({
      description: `Subjects to which the function may ${does}; * for one token, > last for the rest.`,
      examples: [[example]],
    });
}

const publishSchema = patternsSchema('publish', 'images.*.done');
const requestSchema = patternsSchema('send requests', 'ocr.>');

interface Grants {
  readonly publish?: readonly string[] | undefined;
  readonly request?: readonly string[] | undefined;
}

function toBinding({ publish = [], request = [] }: Grants): MessagingBinding {
  return { service: 'messaging', publish, request };
}

/** `publish: [...]` as written in a Nexfile, perhaps with `request: [...]` beside it, parsed into a {@link MessagingBinding}. */
export const publishBindingSchema = z
  .strictObject({ publish: publishSchema, request: requestSchema.optional() })
  .transform(toBinding);

/** `request: [...]`, perhaps with `publish: [...]` beside it. */
export const requestBindingSchema = z
  .strictObject({ request: requestSchema, publish: publishSchema.optional() })
  .transform(toBinding);
