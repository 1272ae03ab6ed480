import type { Algorithm } from './algorithm.ts';

export type KeyType = 'public' | 'private' | 'secret';

/** What a key is. The material stays with the function, whose secret it is; no method gives it away. */
export interface KeySlots {
  readonly type: KeyType;
  readonly extractable: boolean;
  readonly algorithm: Algorithm;
  readonly usages: readonly string[];
  /** A secret as it is, a public key as SubjectPublicKeyInfo, a private key as PKCS #8. */
  readonly material: Uint8Array<ArrayBuffer>;
  /** All of it but the material, as the host reads it. */
  readonly wire: string;
}

/** Of the key that is being made: nobody else may call the constructor. */
let pending: KeySlots | undefined;

let readSlots: (key: CryptoKey) => KeySlots;

/** https://www.w3.org/TR/webcrypto-2/#cryptokey-interface */
export class CryptoKey {
  readonly #slots: KeySlots;
  /** What the getters have given out: the same objects each time, which the caller may change. */
  #algorithm: object | undefined;
  #usages: string[] | undefined;

  static {
    readSlots = (key) => key.#slots;
  }

  constructor() {
    if (pending === undefined) throw new TypeError('Illegal constructor');
    this.#slots = pending;
  }

  get type(): KeyType {
    return this.#slots.type;
  }

  get extractable(): boolean {
    return this.#slots.extractable;
  }

  get algorithm(): object {
    this.#algorithm ??= copyAlgorithm(this.#slots.algorithm);
    return this.#algorithm;
  }

  get usages(): string[] {
    this.#usages ??= [...this.#slots.usages];
    return this.#usages;
  }

  static has(value: unknown): value is CryptoKey {
    return typeof value === 'object' && value !== null && #slots in value;
  }
}

const isCryptoKey = CryptoKey.has;
// Only a means to reach the private name.
delete (CryptoKey as { has?: unknown }).has;

function copyAlgorithm(algorithm: Algorithm): object {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(algorithm)) {
    copy[name] =
      value instanceof Uint8Array
        ? value.slice()
        : typeof value === 'object' && value !== null
          ? copyAlgorithm(value as Algorithm)
          : value;
  }
  return copy;
}

/** The slots of a key; undefined for what is none. */
export function slotsOf(value: unknown): KeySlots | undefined {
  return isCryptoKey(value) ? readSlots(value) : undefined;
}

export function createKey(slots: Omit<KeySlots, 'wire'>): CryptoKey {
  const { type, extractable, algorithm, usages } = slots;
  // The exponent of an RSA key is in its material.
  const { publicExponent: _, ...named } = algorithm;
  pending = { ...slots, wire: JSON.stringify([type, extractable, named, usages]) };
  try {
    return new CryptoKey();
  } finally {
    pending = undefined;
  }
}

/** Another key object of the same key, as `structuredClone` makes it. */
export function cloneKey(key: CryptoKey): CryptoKey {
  return createKey(readSlots(key));
}
