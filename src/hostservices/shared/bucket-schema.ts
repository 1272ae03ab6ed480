import { z } from 'zod';
import { TOKEN_PATTERN } from '../../core/index.ts';

/** Buckets in which the host keeps functions and artifacts; a grant of one would be a grant of the host. */
const RESERVED_BUCKET = /^hairspring(?:[-_]|$)/i;

/** The name of a bucket in a Nexfile, of whichever kind. */
export const bucketSchema: z.ZodType<string, string> = z
  .string()
  .regex(TOKEN_PATTERN, { error: 'a bucket name is 1 to 64 letters, digits, - and _' })
  .refine((name) => !RESERVED_BUCKET.test(name), {
    error: 'names beginning with "hairspring" belong to the host',
    params: { hint: 'Choose a bucket name of your own' },
  });
