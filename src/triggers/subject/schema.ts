import { z } from 'zod';
import {
  forbiddenTriggerReason,
  parseSubjectPattern,
  type SubjectPattern,
  type SubjectTrigger,
} from '../../core/index.ts';

const patternSchema = z
  .string()
  .meta({
    description:
      'Subject to listen on. Tokens: literal, * or {name} for one token, and last > or {name>} for all the rest.',
    examples: ['greet.{lang}.{name}'],
  })
  .transform((text, context): SubjectPattern => {
    const parsed = parseSubjectPattern(text);
    if (typeof parsed === 'string') {
      context.addIssue({
        code: 'custom',
        message: parsed,
        params: { hint: 'Write it like greet.{lang}.{name}, logs.* or logs.{path>}' },
      });
      return z.NEVER;
    }
    const reason = forbiddenTriggerReason(parsed.subject);
    if (reason !== undefined) {
      context.addIssue({
        code: 'custom',
        message: reason,
        params: {
          code: 'HS_TRIGGER_FORBIDDEN',
          hint: 'Choose a subject of your own whose first token is a plain word, such as orders.*.paid',
        },
      });
      return z.NEVER;
    }
    return parsed;
  });

/** `subject: greet.{lang}` as written in a Nexfile, parsed into a {@link SubjectTrigger}. */
export const subjectTriggerSchema = z
  .strictObject({
    subject: patternSchema,
    fanout: z.boolean().default(false).meta({
      description:
        'true: every node runs the function for each message. false: one member of the queue group does.',
    }),
  })
  .transform(({ subject, fanout }): SubjectTrigger => ({ kind: 'subject', ...subject, fanout }));
