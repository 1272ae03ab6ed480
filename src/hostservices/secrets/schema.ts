import { z } from 'zod';
import { type SecretBinding, TOKEN_PATTERN } from '../../core/index.ts';

/** `secret: name` as written in a Nexfile, parsed into a {@link SecretBinding}. */
export const secretBindingSchema = z
  .strictObject({
    secret: z
      .string()
      .regex(TOKEN_PATTERN, { error: 'a secret has a name of 1 to 64 letters, digits, - and _' })
      .meta({
        description:
          'Secret of the namespace, as set with `hairspring secret set`; the handler finds its value in env as text.',
        examples: ['api-key'],
      }),
  })
  .transform(({ secret }): SecretBinding => ({ service: 'secret', secret }));
