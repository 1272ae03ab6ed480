import { toEnum, toSequence } from '../shared/idl.ts';
import type { Algorithm } from './algorithm.ts';
import { domError } from './errors.ts';
import { type CryptoKey, type KeySlots, slotsOf } from './key.ts';
import { type AlgorithmIdentifier, normalize } from './normalize.ts';

const FORMATS = ['raw', 'raw-public', 'raw-seed', 'raw-secret', 'raw-private', 'pkcs8', 'spki', 'jwk'];
const USAGES = [
  'encrypt',
  'decrypt',
  'sign',
  'verify',
  'deriveKey',
  'deriveBits',
  'wrapKey',
  'unwrapKey',
  'encapsulateBits',
  'decapsulateBits',
  'encapsulateKey',
  'decapsulateKey',
];

export function toFormat(value: unknown): string {
  return toEnum(value, FORMATS, 'The format');
}

export function toUsages(value: unknown): readonly string[] {
  const usages = toSequence(value, 'Key usages').map((usage) => toEnum(usage, USAGES, 'A key usage'));
  return [...new Set(usages)];
}

export function toKey(value: unknown): CryptoKey {
  if (slotsOf(value) === undefined) throw new TypeError('A key must be a CryptoKey');
  return value as CryptoKey;
}

/** Refuses a key of another algorithm, or one that is not for this use. */
export function requireKey(key: CryptoKey, { name }: Algorithm, usage: string): CryptoKey {
  const { algorithm, usages } = slotsOf(key) as KeySlots;
  if (algorithm.name !== name)
    throw domError('InvalidAccessError', `A key of ${algorithm.name} is no key for ${name}`);
  if (!usages.includes(usage)) throw domError('InvalidAccessError', `The key is not for ${usage}`);
  return key;
}

/** Wrapping is encrypting where an algorithm has no wrapping of its own. */
export function normalizeWrapping(identifier: AlgorithmIdentifier): Algorithm {
  try {
    return normalize('wrapKey', identifier);
  } catch {
    return normalize('encrypt', identifier);
  }
}

export function normalizeUnwrapping(identifier: AlgorithmIdentifier): Algorithm {
  try {
    return normalize('unwrapKey', identifier);
  } catch {
    return normalize('decrypt', identifier);
  }
}

/** A key to be derived: what tells its length and what it is imported with, in one. */
export function normalizeDerived(identifier: AlgorithmIdentifier): Algorithm {
  return { ...normalize('importKey', identifier), ...normalize('get key length', identifier) };
}
