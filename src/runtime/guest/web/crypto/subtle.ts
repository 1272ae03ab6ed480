import { requireArguments } from '../shared/idl.ts';
import {
  normalizeDerived,
  normalizeUnwrapping,
  normalizeWrapping,
  requireKey,
  toFormat,
  toKey,
  toUsages,
} from './arguments.ts';
import { toJsonWebKey } from './jwk.ts';
import type { CryptoKey } from './key.ts';
import { normalize, toIdentifier } from './normalize.ts';
import { digestAtOnce, exportAtOnce, importAtOnce, signAtOnce, verifyAtOnce } from './short-cuts.ts';
import { supports } from './supports.ts';
import { copyBytes, isBufferSource, toBufferSource, toText, toUnsigned } from './webidl.ts';
import { callHost } from './wire.ts';

/** Nobody but this module may call the constructor, and it does so once. */
let sealed = false;

/**
 * Each method reads and copies what it is given at once, in the order of the standard; the host computes,
 * checks what is left to check, and answers later. https://www.w3.org/TR/webcrypto-2/#subtlecrypto-interface
 */
export class SubtleCrypto {
  readonly #brand: true;

  constructor() {
    if (sealed) throw new TypeError('Illegal constructor');
    sealed = true;
    this.#brand = true;
  }

  static supports(operation: unknown, algorithm: unknown, extra: unknown = null): boolean {
    requireArguments(arguments.length, 2, 'SubtleCrypto.supports');
    return supports(toText(operation), algorithm, extra);
  }

  /** Refuses to work on another object than a SubtleCrypto, and with too few arguments. */
  #begin(given: IArguments, required: number, method: string): void {
    if (!this.#brand) throw new TypeError('Illegal invocation');
    requireArguments(given.length, required, `SubtleCrypto.${method}`);
  }

  async digest(algorithm: unknown, data: unknown): Promise<unknown> {
    this.#begin(arguments, 2, 'digest');
    const identifier = toIdentifier(algorithm);
    const source = toBufferSource(data, 'The data');
    const normalized = normalize('digest', identifier);
    const bytes = copyBytes(source);
    return digestAtOnce(normalized, bytes) ?? callHost('digest', [normalized, bytes]);
  }

  async encrypt(algorithm: unknown, key: unknown, data: unknown): Promise<unknown> {
    this.#begin(arguments, 3, 'encrypt');
    return withKeyAndData('encrypt', algorithm, key, data);
  }

  async decrypt(algorithm: unknown, key: unknown, data: unknown): Promise<unknown> {
    this.#begin(arguments, 3, 'decrypt');
    return withKeyAndData('decrypt', algorithm, key, data);
  }

  async sign(algorithm: unknown, key: unknown, data: unknown): Promise<unknown> {
    this.#begin(arguments, 3, 'sign');
    return withKeyAndData('sign', algorithm, key, data, signAtOnce);
  }

  async verify(algorithm: unknown, key: unknown, signature: unknown, data: unknown): Promise<unknown> {
    this.#begin(arguments, 4, 'verify');
    const identifier = toIdentifier(algorithm);
    const given = toKey(key);
    const signatureSource = toBufferSource(signature, 'The signature');
    const dataSource = toBufferSource(data, 'The data');
    const normalized = normalize('verify', identifier);
    const signed = copyBytes(signatureSource);
    const bytes = copyBytes(dataSource);
    requireKey(given, normalized, 'verify');
    return verifyAtOnce(given, signed, bytes) ?? callHost('verify', [normalized, given, signed, bytes]);
  }

  async generateKey(algorithm: unknown, extractable: unknown, keyUsages: unknown): Promise<unknown> {
    this.#begin(arguments, 3, 'generateKey');
    const identifier = toIdentifier(algorithm);
    const usages = toUsages(keyUsages);
    return callHost('generateKey', [normalize('generateKey', identifier), Boolean(extractable), usages]);
  }

  async importKey(
    format: unknown,
    keyData: unknown,
    algorithm: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<unknown> {
    this.#begin(arguments, 5, 'importKey');
    const name = toFormat(format);
    const given = isBufferSource(keyData) ? keyData : toJsonWebKey(keyData);
    const identifier = toIdentifier(algorithm);
    const usages = toUsages(keyUsages);
    const normalized = normalize('importKey', identifier);
    if (isBufferSource(given) === (name === 'jwk'))
      throw new TypeError(
        name === 'jwk' ? 'The key data must be a JSON Web Key' : 'The key data must be bytes',
      );
    const flag = Boolean(extractable);
    if (!isBufferSource(given)) return callHost('importKey', [name, given, normalized, flag, usages]);
    const bytes = copyBytes(given);
    return (
      importAtOnce(name, bytes, normalized, flag, usages) ??
      callHost('importKey', [name, bytes, normalized, flag, usages])
    );
  }

  async exportKey(format: unknown, key: unknown): Promise<unknown> {
    this.#begin(arguments, 2, 'exportKey');
    const name = toFormat(format);
    const given = toKey(key);
    return exportAtOnce(name, given) ?? callHost('exportKey', [name, given]);
  }

  async deriveBits(algorithm: unknown, baseKey: unknown, length: unknown = null): Promise<unknown> {
    this.#begin(arguments, 2, 'deriveBits');
    const identifier = toIdentifier(algorithm);
    const key = toKey(baseKey);
    const bits = length === null ? null : toUnsigned(length, 32, 'The length');
    const normalized = normalize('deriveBits', identifier);
    return callHost('deriveBits', [normalized, requireKey(key, normalized, 'deriveBits'), bits]);
  }

  async deriveKey(
    algorithm: unknown,
    baseKey: unknown,
    derivedKeyType: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<unknown> {
    this.#begin(arguments, 5, 'deriveKey');
    const identifier = toIdentifier(algorithm);
    const key = toKey(baseKey);
    const derivedIdentifier = toIdentifier(derivedKeyType);
    const usages = toUsages(keyUsages);
    const normalized = normalize('deriveBits', identifier);
    const derived = normalizeDerived(derivedIdentifier);
    requireKey(key, normalized, 'deriveKey');
    return callHost('deriveKey', [normalized, key, derived, Boolean(extractable), usages]);
  }

  async wrapKey(
    format: unknown,
    key: unknown,
    wrappingKey: unknown,
    wrapAlgorithm: unknown,
  ): Promise<unknown> {
    this.#begin(arguments, 4, 'wrapKey');
    const name = toFormat(format);
    const wrapped = toKey(key);
    const wrapping = toKey(wrappingKey);
    const normalized = normalizeWrapping(toIdentifier(wrapAlgorithm));
    return callHost('wrapKey', [name, wrapped, requireKey(wrapping, normalized, 'wrapKey'), normalized]);
  }

  async unwrapKey(
    format: unknown,
    wrappedKey: unknown,
    unwrappingKey: unknown,
    unwrapAlgorithm: unknown,
    unwrappedKeyAlgorithm: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<unknown> {
    this.#begin(arguments, 7, 'unwrapKey');
    const name = toFormat(format);
    const source = toBufferSource(wrappedKey, 'The wrapped key');
    const key = toKey(unwrappingKey);
    const identifier = toIdentifier(unwrapAlgorithm);
    const keyIdentifier = toIdentifier(unwrappedKeyAlgorithm);
    const usages = toUsages(keyUsages);
    const normalized = normalizeUnwrapping(identifier);
    const keyAlgorithm = normalize('importKey', keyIdentifier);
    const data = copyBytes(source);
    requireKey(key, normalized, 'unwrapKey');
    return callHost('unwrapKey', [name, data, key, normalized, keyAlgorithm, Boolean(extractable), usages]);
  }

  async getPublicKey(key: unknown, keyUsages: unknown): Promise<unknown> {
    this.#begin(arguments, 2, 'getPublicKey');
    return callHost('getPublicKey', [toKey(key), toUsages(keyUsages)]);
  }

  async encapsulateBits(algorithm: unknown, encapsulationKey: unknown): Promise<unknown> {
    this.#begin(arguments, 2, 'encapsulateBits');
    const identifier = toIdentifier(algorithm);
    const key = toKey(encapsulationKey);
    const normalized = normalize('encapsulate', identifier);
    return callHost('encapsulateBits', [normalized, requireKey(key, normalized, 'encapsulateBits')]);
  }

  async encapsulateKey(
    algorithm: unknown,
    encapsulationKey: unknown,
    sharedKeyAlgorithm: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<unknown> {
    this.#begin(arguments, 5, 'encapsulateKey');
    const identifier = toIdentifier(algorithm);
    const key = toKey(encapsulationKey);
    const sharedIdentifier = toIdentifier(sharedKeyAlgorithm);
    const usages = toUsages(keyUsages);
    const normalized = normalize('encapsulate', identifier);
    const shared = normalize('importKey', sharedIdentifier);
    requireKey(key, normalized, 'encapsulateKey');
    return callHost('encapsulateKey', [normalized, key, shared, Boolean(extractable), usages]);
  }

  async decapsulateBits(
    algorithm: unknown,
    decapsulationKey: unknown,
    ciphertext: unknown,
  ): Promise<unknown> {
    this.#begin(arguments, 3, 'decapsulateBits');
    const identifier = toIdentifier(algorithm);
    const key = toKey(decapsulationKey);
    const source = toBufferSource(ciphertext, 'The ciphertext');
    const normalized = normalize('decapsulate', identifier);
    const data = copyBytes(source);
    return callHost('decapsulateBits', [normalized, requireKey(key, normalized, 'decapsulateBits'), data]);
  }

  async decapsulateKey(
    algorithm: unknown,
    decapsulationKey: unknown,
    ciphertext: unknown,
    sharedKeyAlgorithm: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<unknown> {
    this.#begin(arguments, 6, 'decapsulateKey');
    const identifier = toIdentifier(algorithm);
    const key = toKey(decapsulationKey);
    const source = toBufferSource(ciphertext, 'The ciphertext');
    const sharedIdentifier = toIdentifier(sharedKeyAlgorithm);
    const usages = toUsages(keyUsages);
    const normalized = normalize('decapsulate', identifier);
    const shared = normalize('importKey', sharedIdentifier);
    const data = copyBytes(source);
    requireKey(key, normalized, 'decapsulateKey');
    return callHost('decapsulateKey', [normalized, key, data, shared, Boolean(extractable), usages]);
  }
}

function withKeyAndData(
  operation: 'encrypt' | 'decrypt' | 'sign',
  algorithm: unknown,
  key: unknown,
  data: unknown,
  atOnce: typeof signAtOnce | undefined = undefined,
): unknown {
  const identifier = toIdentifier(algorithm);
  const given: CryptoKey = toKey(key);
  const source = toBufferSource(data, 'The data');
  const normalized = normalize(operation, identifier);
  const bytes = copyBytes(source);
  requireKey(given, normalized, operation);
  return atOnce?.(given, bytes) ?? callHost(operation, [normalized, given, bytes]);
}
