import { credentialsText, userToken } from '../../src/host/accounts/claims.ts';
import { createSigningKey } from '../../src/host/accounts/signing-key.ts';

/** Credentials that a server without authentication takes, as it takes any. */
export function createUserCredentials(): string {
  const [account, user] = [createSigningKey('account'), createSigningKey('user')];
  const claims = {
    name: 'f',
    publicKey: user.publicKey,
    account: account.publicKey,
    permissions: 'all',
  } as const;
  return credentialsText(userToken(account, claims), user.seed);
}
