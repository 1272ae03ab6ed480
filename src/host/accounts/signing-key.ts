import { createPublicKey, hkdfSync, randomBytes, sign } from 'node:crypto';
import { Prefix } from '@nats-io/nkeys';
import { Codec } from '@nats-io/nkeys/lib/codec.js';
import { ed25519Key, HairspringError } from '../../core/index.ts';

/** Who a key speaks for, and the letter that its public key begins with. */
const ROLES = { operator: Prefix.Operator, account: Prefix.Account, user: Prefix.User } as const;

export type KeyRole = keyof typeof ROLES;

/**
 * An nkey that signs by `node:crypto`, a hundred times faster than the library's own JavaScript
 * (docs/decisions/0022).
 */
export interface SigningKey {
  /** `O…`, `A…` or `U…`. */
  readonly publicKey: string;
  /** `SO…`, `SA…` or `SU…`. */
  readonly seed: string;
  sign(data: Uint8Array): Uint8Array;
}

const SEED_BYTES = 32;

export function createSigningKey(role: KeyRole): SigningKey {
  return fromRawSeed(role, randomBytes(SEED_BYTES));
}

/** The key that `name` always has under `parent`, so that no file has to hold it. */
export function deriveSigningKey(role: KeyRole, parent: SigningKey, name: string): SigningKey {
  const { buf } = Codec.decodeSeed(new TextEncoder().encode(parent.seed));
  const raw = hkdfSync('sha256', buf, new Uint8Array(), `hairspring ${role} ${name}`, SEED_BYTES);
  return fromRawSeed(role, new Uint8Array(raw));
}

/** @throws HS_CONTEXT_INVALID when `seed` is not a seed of this role */
export function parseSigningKey(role: KeyRole, seed: string): SigningKey {
  try {
    const { buf, prefix } = Codec.decodeSeed(new TextEncoder().encode(seed.trim()));
    if (prefix === ROLES[role]) return fromRawSeed(role, buf);
  } catch {
    // Said below; the text of a seed belongs in no message.
  }
  throw new HairspringError(
    'HS_CONTEXT_INVALID',
    `Cannot use a key: it is not the seed of an nkey for an ${role}`,
  );
}

function fromRawSeed(role: KeyRole, raw: Uint8Array): SigningKey {
  const key = ed25519Key(raw);
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const decoder = new TextDecoder();
  return {
    publicKey: decoder.decode(Codec.encode(ROLES[role], new Uint8Array(der.subarray(-SEED_BYTES)))),
    seed: decoder.decode(Codec.encodeSeed(ROLES[role], raw)),
    sign: (data) => sign(null, data, key),
  };
}
