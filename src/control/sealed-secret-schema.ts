import { z } from 'zod';
import { CURVE_KEY_PATTERN, SECRET_LIMITS, type SealedSecret, TOKEN_PATTERN } from '../core/index.ts';

/** A sealed secret as it is sent, and stored. What is in the box is the cell's to judge. */
export const sealedSecret: z.ZodType<SealedSecret> = z.object({
  name: z.string().regex(TOKEN_PATTERN),
  id: z.string().regex(TOKEN_PATTERN),
  setAt: z.iso.datetime(),
  notAfter: z.iso.datetime().optional(),
  recipient: z.string().regex(CURVE_KEY_PATTERN),
  sender: z.string().regex(CURVE_KEY_PATTERN),
  sealed: z.base64().min(1).max(SECRET_LIMITS.sealedChars),
});
