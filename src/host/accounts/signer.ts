import type { SigningKey } from './signing-key.ts';

/** A key of an account by which users are signed. */
export interface Signer {
  readonly key: SigningKey;
  /** Resolves when the server lets in whom it has signed, or is too slow to say so. */
  ready(): Promise<void>;
  /** Makes the tokens of users void that it has signed and that are good until then, in milliseconds since the epoch. */
  revoke(users: ReadonlyMap<string, number>): void;
  /** Whether so much that it has signed is void that another one is to sign in its place. */
  isWorn(): boolean;
  /** All that it has signed is void, and it signs no more. Idempotent. */
  drop(): void;
}

/** A key that the server has for good, so that nothing it has signed can be made void. */
export function lastingSigner(key: SigningKey): Signer {
  return {
    key,
    ready: () => Promise.resolve(),
    revoke: () => undefined,
    isWorn: () => false,
    drop: () => undefined,
  };
}
