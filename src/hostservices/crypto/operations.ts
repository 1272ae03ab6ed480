import { webcrypto } from 'node:crypto';
import { nodeUtil } from '../../core/index.ts';
import { checkKey, checkParameters, isRsaExponent } from './bounds.ts';
import { isKnownKey } from './der.ts';
import type { KeyCache, KeyDescription } from './keys.ts';
import type { GivenAlgorithm, RequestReader } from './request.ts';

const { subtle } = webcrypto;

/** What an operation gives: bytes, a verdict, keys, a JSON Web Key. */
export type CryptoResult = ArrayBuffer | boolean | webcrypto.CryptoKey | Readonly<Record<string, unknown>>;

/** Reads and checks one request, and does it. */
export type CryptoOperation = (request: RequestReader, keys: KeyCache) => Promise<CryptoResult>;

/** The methods that Node has and its types do not yet. https://wicg.github.io/webcrypto-modern-algos/ */
interface ModernSubtle {
  getPublicKey(key: unknown, usages: readonly string[]): Promise<webcrypto.CryptoKey>;
  encapsulateBits(algorithm: object, key: unknown): Promise<Record<string, unknown>>;
  encapsulateKey(
    algorithm: object,
    key: unknown,
    shared: object,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<Record<string, unknown>>;
  decapsulateBits(algorithm: object, key: unknown, ciphertext: Uint8Array): Promise<ArrayBuffer>;
  decapsulateKey(
    algorithm: object,
    key: unknown,
    ciphertext: Uint8Array,
    shared: object,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<webcrypto.CryptoKey>;
}

/** Node checks what it is given again, as Web IDL says; its types are narrower than that. */
type AnySubtle = {
  readonly [Method in Exclude<keyof webcrypto.SubtleCrypto, keyof ModernSubtle>]: (
    ...args: readonly unknown[]
  ) => Promise<CryptoResult>;
} & ModernSubtle;

const node = subtle as unknown as AnySubtle;

function keyOf(given: KeyDescription, keys: KeyCache): webcrypto.CryptoKey {
  let key: webcrypto.CryptoKey;
  try {
    key = keys.get(given);
  } catch {
    throw new DOMException('The key is none of its algorithm', 'DataError');
  }
  checkKey(key);
  return key;
}

/** @throws HS_CRYPTO_LIMIT */
function algorithmOf(
  { name, parameters }: GivenAlgorithm,
  keys: KeyCache,
  outputBits: number | null = null,
): Record<string, unknown> & { readonly name: string } {
  checkParameters(name, parameters, outputBits);
  const algorithm: Record<string, unknown> & { name: string } = { name };
  for (const [member, value] of parameters) {
    algorithm[member] = member === 'public' ? keyOf(value as KeyDescription, keys) : value;
  }
  return algorithm;
}

/** Bits that are derived for a key, where the algorithm of that key lets one choose. */
function keyBitsOf({ parameters }: GivenAlgorithm): number | null {
  const length = parameters.get('length');
  return typeof length === 'number' ? length : null;
}

async function checked(key: Promise<CryptoResult>): Promise<CryptoResult> {
  const result = await key;
  if (nodeUtil().types.isCryptoKey(result)) checkKey(result);
  return result;
}

function isDer(format: string): format is 'pkcs8' | 'spki' {
  return format === 'pkcs8' || format === 'spki';
}

async function importKey(
  format: string,
  data: Uint8Array | object,
  ...rest: readonly [algorithm: object, extractable: boolean, usages: readonly string[]]
): Promise<CryptoResult> {
  if (isDer(format) && !(data instanceof Uint8Array && isKnownKey(format, data)))
    throw new DOMException('The key data are of no known kind', 'DataError');
  return checked(node.importKey(format, data, ...rest));
}

/** What was wrapped, as bytes: Node gives it as a key only, so the same is done by other means. */
async function unwrapBytes(
  wrapped: Uint8Array,
  key: KeyDescription,
  algorithm: { readonly name: string },
  keys: KeyCache,
): Promise<Uint8Array> {
  if (algorithm.name !== 'AES-KW') {
    const decrypting = keyOf({ ...key, usages: ['decrypt'] }, keys);
    return new Uint8Array((await node.decrypt(algorithm, decrypting, wrapped)) as ArrayBuffer);
  }
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const secret = await node.unwrapKey('raw', wrapped, keyOf(key, keys), algorithm, hmac, true, ['sign']);
  return new Uint8Array((await node.exportKey('raw', secret)) as ArrayBuffer);
}

/** By the name of the method; each takes the arguments of its namesake in the same order. */
export const OPERATIONS: Readonly<Record<string, CryptoOperation>> = {
  digest: (r, keys) => node.digest(algorithmOf(r.algorithm(), keys), r.bytes()),
  encrypt: (r, keys) => node.encrypt(algorithmOf(r.algorithm(), keys), keyOf(r.key(), keys), r.bytes()),
  decrypt: (r, keys) => node.decrypt(algorithmOf(r.algorithm(), keys), keyOf(r.key(), keys), r.bytes()),
  sign: (r, keys) => node.sign(algorithmOf(r.algorithm(), keys), keyOf(r.key(), keys), r.bytes()),
  verify: (r, keys) =>
    node.verify(algorithmOf(r.algorithm(), keys), keyOf(r.key(), keys), r.bytes(), r.bytes()),
  async generateKey(r, keys) {
    const algorithm = algorithmOf(r.algorithm(), keys);
    const exponent = algorithm['publicExponent'];
    if (exponent instanceof Uint8Array && !isRsaExponent(exponent))
      throw new DOMException('The public exponent must be 3 or 65537', 'OperationError');
    return node.generateKey(algorithm, r.flag(), r.texts());
  },
  importKey: (r, keys) =>
    importKey(r.text(), r.keyData(), algorithmOf(r.algorithm(), keys), r.flag(), r.texts()),
  exportKey: (r, keys) => node.exportKey(r.text(), keyOf(r.key(), keys)),
  deriveBits(r, keys) {
    const algorithm = r.algorithm();
    const key = r.key();
    const bits = r.integerOrNull();
    return node.deriveBits(algorithmOf(algorithm, keys, bits), keyOf(key, keys), bits);
  },
  deriveKey(r, keys) {
    const algorithm = r.algorithm();
    const key = r.key();
    const derived = r.algorithm();
    return node.deriveKey(
      algorithmOf(algorithm, keys, keyBitsOf(derived)),
      keyOf(key, keys),
      algorithmOf(derived, keys),
      r.flag(),
      r.texts(),
    );
  },
  wrapKey: (r, keys) =>
    node.wrapKey(r.text(), keyOf(r.key(), keys), keyOf(r.key(), keys), algorithmOf(r.algorithm(), keys)),
  async unwrapKey(r, keys) {
    const format = r.text();
    const wrapped = r.keyBytes();
    const key = r.key();
    const algorithm = algorithmOf(r.algorithm(), keys);
    const keyAlgorithm = algorithmOf(r.algorithm(), keys);
    const rest = [keyAlgorithm, r.flag(), r.texts()] as const;
    // What comes out has to be looked at before it is read.
    if (isDer(format)) return importKey(format, await unwrapBytes(wrapped, key, algorithm, keys), ...rest);
    return checked(node.unwrapKey(format, wrapped, keyOf(key, keys), algorithm, ...rest));
  },
  getPublicKey: (r, keys) => node.getPublicKey(keyOf(r.key(), keys), r.texts()),
  encapsulateBits: (r, keys) => node.encapsulateBits(algorithmOf(r.algorithm(), keys), keyOf(r.key(), keys)),
  encapsulateKey: (r, keys) =>
    node.encapsulateKey(
      algorithmOf(r.algorithm(), keys),
      keyOf(r.key(), keys),
      algorithmOf(r.algorithm(), keys),
      r.flag(),
      r.texts(),
    ),
  decapsulateBits: (r, keys) =>
    node.decapsulateBits(algorithmOf(r.algorithm(), keys), keyOf(r.key(), keys), r.bytes()),
  decapsulateKey: (r, keys) =>
    node.decapsulateKey(
      algorithmOf(r.algorithm(), keys),
      keyOf(r.key(), keys),
      r.bytes(),
      algorithmOf(r.algorithm(), keys),
      r.flag(),
      r.texts(),
    ),
};
