import { createPrivateKey, createPublicKey, createSecretKey, KeyObject, type webcrypto } from 'node:crypto';
import { isKnownKey } from './der.ts';
import { CRYPTO_LIMITS } from './limits.ts';

type CryptoKey = webcrypto.CryptoKey;

const MAX_CACHED_BYTES = 8_192;

/** How a key is kept by the guest: what it is for, and its material in the one form of its type. */
export interface KeyDescription {
  readonly type: CryptoKey['type'];
  readonly extractable: boolean;
  readonly algorithm: KeyAlgorithm;
  readonly usages: readonly string[];
  /** A secret as it is, a public key as SubjectPublicKeyInfo, a private key as PKCS #8. */
  readonly material: Uint8Array;
}

/** The algorithm of a key; which members there are depends on its name. */
export type KeyAlgorithm = Readonly<Record<string, unknown>> & { readonly name: string };

/** @throws a DataError, or what `node:crypto` throws, when the material is none of this kind */
function importKey({ type, extractable, algorithm, usages, material }: KeyDescription): CryptoKey {
  const object = readMaterial(type, material);
  return object.toCryptoKey(
    algorithm as Parameters<KeyObject['toCryptoKey']>[0],
    extractable,
    usages as webcrypto.KeyUsage[],
  );
}

function readMaterial(type: KeyDescription['type'], material: Uint8Array): KeyObject {
  const key = Buffer.from(material.buffer, material.byteOffset, material.byteLength);
  if (type === 'secret') return createSecretKey(key);
  const format = type === 'public' ? 'spki' : 'pkcs8';
  if (!isKnownKey(format, material)) throw new DOMException('The key is of no known kind', 'DataError');
  return format === 'spki'
    ? createPublicKey({ key, format: 'der', type: format })
    : createPrivateKey({ key, format: 'der', type: format });
}

export function describeKey(key: CryptoKey): KeyDescription {
  const object = KeyObject.from(key);
  const { type, extractable, algorithm, usages } = key;
  const material =
    type === 'secret'
      ? object.export()
      : object.export({ format: 'der', type: type === 'public' ? 'spki' : 'pkcs8' });
  return { type, extractable, algorithm: algorithm as unknown as KeyAlgorithm, usages, material };
}

/**
 * The keys that a function has used last, imported. Reading a private key costs up to 3 ms (P-521) on the
 * cell's own thread; a function mostly uses the same few.
 */
export class KeyCache {
  readonly #keys = new Map<string, CryptoKey>();

  get(description: KeyDescription): CryptoKey {
    const { type, extractable, algorithm, usages, material } = description;
    // A secret is read in no time, and may be long.
    if (material.length > MAX_CACHED_BYTES) return importKey(description);
    const label = JSON.stringify([type, extractable, algorithm, usages]);
    const text = Buffer.from(material.buffer, material.byteOffset, material.byteLength).toString('latin1');
    const id = `${label}\n${text}`;
    let key = this.#keys.get(id);
    if (key === undefined) {
      key = importKey(description);
      if (this.#keys.size >= CRYPTO_LIMITS.cachedKeys) {
        for (const oldest of this.#keys.keys()) {
          this.#keys.delete(oldest);
          break;
        }
      }
    } else this.#keys.delete(id);
    this.#keys.set(id, key);
    return key;
  }
}
