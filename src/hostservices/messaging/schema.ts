import { z } from 'zod';
import { forbiddenTriggerReason, isSubject, type MessagingBinding, TOKEN_PATTERN } from '../../core/index.ts';
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

const callSchema = z
  .array(
    z.string().regex(TOKEN_PATTERN, { error: 'the name of a function is 1 to 64 letters, digits, - and _' }),
  )
  .min(1, { error: 'it names no function' })
  .max(MESSAGING_LIMITS.calls, { error: `a binding names at most ${MESSAGING_LIMITS.calls} functions` })
  .meta({
    description: 'Functions of the same namespace that the function may call with ctx.call.',
    examples: [['resize']],
  });

interface Grants {
  readonly publish?: readonly string[] | undefined;
  readonly request?: readonly string[] | undefined;
  readonly call?: readonly string[] | undefined;
}

function toBinding({ publish = [], request = [], call = [] }: Grants): MessagingBinding {
  return { service: 'messaging', publish, request, call };
}

const grants = {
  publish: publishSchema.optional(),
  request: requestSchema.optional(),
  call: callSchema.optional(),
};

/** `publish: [...]` as written in a Nexfile, perhaps with the others beside it, parsed into a {@link MessagingBinding}. */
export const publishBindingSchema = z
  .strictObject({ ...grants, publish: publishSchema })
  .transform(toBinding);

/** `request: [...]`, perhaps with the others beside it. */
export const requestBindingSchema = z
  .strictObject({ ...grants, request: requestSchema })
  .transform(toBinding);

/** `call: [...]`, perhaps with the others beside it. */
export const callBindingSchema = z.strictObject({ ...grants, call: callSchema }).transform(toBinding);
