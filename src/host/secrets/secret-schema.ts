import { z } from 'zod';
import { CURVE_KEY_PATTERN, SECRET_LIMITS, type SealedSecret, TOKEN_PATTERN } from '../../core/index.ts';

/** A sealed secret as it is stored. What is in the box is the cell's to judge. */
const sealedSecret: z.ZodType<SealedSecret> = z.object({
  name: z.string().regex(TOKEN_PATTERN),
  id: z.string().regex(TOKEN_PATTERN),
  setAt: z.iso.datetime(),
  notAfter: z.iso.datetime().optional(),
  recipient: z.string().regex(CURVE_KEY_PATTERN),
  sender: z.string().regex(CURVE_KEY_PATTERN),
  sealed: z.base64().min(1).max(SECRET_LIMITS.sealedChars),
});

/** @returns undefined when the bytes are no sealed secret */
export function parseSealedSecret(bytes: Uint8Array): SealedSecret | undefined {
  try {
    return sealedSecret.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
