import type { Algorithm } from './algorithm.ts';
import { type KeySlots, slotsOf } from './key.ts';
import { type AlgorithmIdentifier, normalize, toIdentifier } from './normalize.ts';
import type { Operation } from './registry.ts';
import { toUnsigned } from './webidl.ts';

const KEY_BITS = [128, 192, 256];
const CURVES = ['P-256', 'P-384', 'P-521'];
const TAG_BITS: Readonly<Record<string, readonly number[]>> = {
  'AES-GCM': [32, 64, 96, 104, 112, 120, 128],
  'AES-OCB': [64, 96, 128],
  'ChaCha20-Poly1305': [128],
};
const IV_BYTES: Readonly<Record<string, readonly [least: number, most: number]>> = {
  'AES-CBC': [16, 16],
  'AES-OCB': [1, 15],
  'ChaCha20-Poly1305': [12, 12],
};
/** Algorithms with two keys, by how their names begin. */
const KEY_PAIRS = /^(?:ML-|RSA|EC|Ed|X)/;

/** https://wicg.github.io/webcrypto-modern-algos/#SubtleCrypto-method-supports */
export function supports(operation: string, algorithm: unknown, extra: unknown): boolean {
  const identifier = toIdentifier(algorithm);
  try {
    return isSupported(operation, identifier, extra);
  } catch {
    return false;
  }
}

function isSupported(operation: string, identifier: AlgorithmIdentifier, extra: unknown): boolean {
  switch (operation) {
    case 'deriveBits':
      return canDerive(identifier, extra === null ? null : toUnsigned(extra, 32, 'The length'));
    case 'deriveKey': {
      const derived = toIdentifier(extra);
      return can('importKey', derived) && canDerive(identifier, keyBits(derived));
    }
    case 'wrapKey':
      return can('exportKey', toIdentifier(extra)) && canEither('wrapKey', 'encrypt', identifier);
    case 'unwrapKey':
      return can('importKey', toIdentifier(extra)) && canEither('unwrapKey', 'decrypt', identifier);
    case 'encapsulateKey':
    case 'decapsulateKey':
      // The shared secret has 256 bits.
      return (
        can(operation === 'encapsulateKey' ? 'encapsulate' : 'decapsulate', identifier) &&
        canBeShared(normalize('importKey', toIdentifier(extra)))
      );
    case 'encapsulateBits':
      return can('encapsulate', identifier);
    case 'decapsulateBits':
      return can('decapsulate', identifier);
    case 'getPublicKey':
      return KEY_PAIRS.test(normalize('exportKey', identifier).name);
    case 'decrypt':
    case 'digest':
    case 'encrypt':
    case 'exportKey':
    case 'generateKey':
    case 'importKey':
    case 'sign':
    case 'verify':
      return can(operation, identifier);
    default:
      return false;
  }
}

/** @throws what reading the algorithm throws */
function can(operation: Operation, identifier: AlgorithmIdentifier): boolean {
  return isInRange(normalize(operation, identifier));
}

function canEither(first: Operation, second: Operation, identifier: AlgorithmIdentifier): boolean {
  try {
    return can(first, identifier);
  } catch {
    return can(second, identifier);
  }
}

/** Whether the parameters have values that the operation takes. */
function isInRange({ name, length, iv, counter, tagLength, namedCurve, iterations }: Algorithm): boolean {
  if (length !== undefined && !isLength(name, length as number, counter !== undefined)) return false;
  if (namedCurve !== undefined && !CURVES.includes(namedCurve as string)) return false;
  if (counter !== undefined && (counter as Uint8Array).length !== 16) return false;
  const [least, most] = IV_BYTES[name] ?? [0, Number.POSITIVE_INFINITY];
  const ivBytes = iv === undefined ? least : (iv as Uint8Array).length;
  if (ivBytes < least || ivBytes > most) return false;
  if (tagLength !== undefined && TAG_BITS[name]?.includes(tagLength as number) !== true) return false;
  return iterations !== 0;
}

function isLength(name: string, length: number, counter: boolean): boolean {
  if (!name.startsWith('AES')) return length !== 0;
  return counter ? length >= 1 && length <= 128 : KEY_BITS.includes(length);
}

function canDerive(identifier: AlgorithmIdentifier, bits: number | null): boolean {
  const algorithm = normalize('deriveBits', identifier);
  if (!isInRange(algorithm)) return false;
  if (algorithm['public'] !== undefined) return (bits ?? 0) <= agreedBits(algorithm);
  return bits !== null && bits % 8 === 0;
}

/** Bits of the secret that two keys agree on. */
function agreedBits({ name, public: other }: Algorithm): number {
  if (name === 'X25519') return 256;
  if (name === 'X448') return 448;
  const { namedCurve } = (slotsOf(other) as KeySlots).algorithm;
  return namedCurve === 'P-521' ? 528 : Number(String(namedCurve).slice(2));
}

/** Bits of a derived key; null where its algorithm takes any, as what keys are derived of does. */
function keyBits(identifier: AlgorithmIdentifier): number | null {
  const { name, length, hash } = normalize('get key length', identifier);
  if (length !== undefined) return length as number;
  if (name === 'ChaCha20-Poly1305') return 256;
  if (name.startsWith('KMAC')) return Number(name.slice(4));
  if (hash === undefined) return null;
  return /^SHA-(?:1|256)$/.test((hash as Algorithm).name) ? 512 : 1_024;
}

function canBeShared({ name, length, hash }: Algorithm): boolean {
  if (hash !== undefined || name.startsWith('KMAC')) return length === undefined || length === 256;
  return !KEY_PAIRS.test(name);
}
