import type { NatsEndpoint } from '../../core/index.ts';
import { credentialsText, type UserClaims, userToken } from './claims.ts';
import { createSigningKey, type SigningKey } from './signing-key.ts';

export interface NewUser {
  readonly publicKey: string;
  /** What it may do, signed. */
  readonly token: string;
  /** The text of a `.creds` file. */
  readonly creds: string;
}

/** A user with a key of its own, which nobody has but who is given `creds`. */
export function createUser(signer: SigningKey, claims: Omit<UserClaims, 'publicKey'>): NewUser {
  const { publicKey, seed } = createSigningKey('user');
  const token = userToken(signer, { ...claims, publicKey });
  return { publicKey, token, creds: credentialsText(token, seed) };
}

/** How a client with the keys of an account connects. */
export function ownerEndpoint(
  account: SigningKey,
  endpoint: NatsEndpoint,
  name: string,
): NatsEndpoint & { readonly creds: string } {
  const { creds } = createUser(account, { name, account: account.publicKey, permissions: 'all' });
  return { ...endpoint, creds };
}
