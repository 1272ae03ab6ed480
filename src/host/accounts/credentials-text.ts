import { z } from 'zod';
import { parseSigningKey } from './signing-key.ts';

const claimsSchema = z.object({
  iss: z.string(),
  nats: z.object({ issuer_account: z.string().optional() }),
});

/** Whether `text` has what a `.creds` file has, with a seed that is whole. */
export function isCredentials(text: string): boolean {
  const seed = /BEGIN USER NKEY SEED-+\s+(?<seed>SU\w+)/.exec(text)?.groups?.['seed'];
  if (seed === undefined || !/BEGIN NATS USER JWT/.test(text)) return false;
  try {
    parseSigningKey('user', seed);
    return true;
  } catch {
    return false;
  }
}

/** The public key of the account whose user these credentials are of; undefined when they do not say. */
export function accountOf(creds: string): string | undefined {
  const payload = /\beyJ[\w-]+\.(?<payload>[\w-]+)\.[\w-]+/.exec(creds)?.groups?.['payload'];
  if (payload === undefined) return undefined;
  try {
    const { iss, nats } = claimsSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return nats.issuer_account ?? iss;
  } catch {
    return undefined;
  }
}
