import { sealedSecret } from '../../control/index.ts';
import type { SealedSecret } from '../../core/index.ts';

/** @returns undefined when the bytes are no sealed secret */
export function parseSealedSecret(bytes: Uint8Array): SealedSecret | undefined {
  try {
    return sealedSecret.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
