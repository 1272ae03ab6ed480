import type { Algorithm } from './algorithm.ts';
import { type CryptoKey, createKey, type KeySlots, slotsOf } from './key.ts';

/**
 * What needs no host call, which costs far more than a little work does. Each gives undefined when the
 * case is not so simple, or not right: then the host does it, and words the error.
 */

/** What the host does at once through the door; above this the crossing is no longer what costs. */
const MAX_BYTES = 65_536;

export function digestAtOnce({ name }: Algorithm, data: Uint8Array<ArrayBuffer>): ArrayBuffer | undefined {
  if (data.length > MAX_BYTES) return undefined;
  return runtime.door('digest', name, data.buffer) as ArrayBuffer | undefined;
}

export function signAtOnce(key: CryptoKey, data: Uint8Array<ArrayBuffer>): ArrayBuffer | undefined {
  const { algorithm, material } = slotsOf(key) as KeySlots;
  if (algorithm.name !== 'HMAC' || data.length > MAX_BYTES) return undefined;
  return runtime.door('hmac', (algorithm['hash'] as Algorithm).name, material.buffer, data.buffer) as
    | ArrayBuffer
    | undefined;
}

/** Takes a time that does not tell where the signatures differ. */
export function verifyAtOnce(
  key: CryptoKey,
  signature: Uint8Array<ArrayBuffer>,
  data: Uint8Array<ArrayBuffer>,
): boolean | undefined {
  const made = signAtOnce(key, data);
  if (made === undefined) return undefined;
  const expected = new Uint8Array(made);
  if (expected.length !== signature.length) return false;
  let difference = 0;
  for (let index = 0; index < expected.length; index += 1)
    difference |= (expected[index] as number) ^ (signature[index] as number);
  return difference === 0;
}

const CIPHER_USAGES = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'];
const DERIVATION_USAGES = ['deriveKey', 'deriveBits'];
/** Algorithms of which a key is just bytes, and what such a key may be for. */
const SECRET_USAGES: Readonly<Record<string, readonly string[]>> = {
  'AES-CBC': CIPHER_USAGES,
  'AES-CTR': CIPHER_USAGES,
  'AES-GCM': CIPHER_USAGES,
  'AES-KW': ['wrapKey', 'unwrapKey'],
  HKDF: DERIVATION_USAGES,
  HMAC: ['sign', 'verify'],
  PBKDF2: DERIVATION_USAGES,
};

function isRaw(format: string): boolean {
  return format === 'raw' || format === 'raw-secret';
}

export function importAtOnce(
  format: string,
  material: Uint8Array<ArrayBuffer>,
  given: Algorithm,
  extractable: boolean,
  givenUsages: readonly string[],
): CryptoKey | undefined {
  const { name, length } = given;
  const allowed = Object.hasOwn(SECRET_USAGES, name) ? SECRET_USAGES[name] : undefined;
  if (!isRaw(format) || allowed === undefined || length !== undefined) return undefined;
  const usages = allowed.filter((usage) => givenUsages.includes(usage));
  if (usages.length === 0 || usages.length !== givenUsages.length) return undefined;
  const bits = material.length * 8;
  let algorithm: Algorithm = { name };
  if (name === 'HMAC') {
    if (bits === 0) return undefined;
    algorithm = { name, length: bits, hash: given['hash'] };
  } else if (allowed === DERIVATION_USAGES) {
    if (extractable) return undefined;
  } else {
    if (bits !== 128 && bits !== 192 && bits !== 256) return undefined;
    algorithm = { name, length: bits };
  }
  return createKey({ type: 'secret', extractable, algorithm, usages, material });
}

export function exportAtOnce(format: string, key: CryptoKey): ArrayBuffer | undefined {
  const { type, extractable, algorithm, material } = slotsOf(key) as KeySlots;
  if (!extractable || type !== 'secret' || !isRaw(format) || !Object.hasOwn(SECRET_USAGES, algorithm.name))
    return undefined;
  return material.slice().buffer;
}
