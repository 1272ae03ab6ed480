import { defineInterface, requireArguments } from '../shared/idl.ts';
import { domError, quotaExceeded } from './errors.ts';
import { CryptoKey } from './key.ts';
import { SubtleCrypto } from './subtle.ts';

/** https://www.w3.org/TR/webcrypto-2/#Crypto-method-getRandomValues */
const MAX_RANDOM_BYTES = 65_536;
const INTEGER_ARRAYS: ReadonlySet<unknown> = new Set([
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'BigInt64Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Uint32Array',
  'BigUint64Array',
]);

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as (this: unknown) => string | undefined;

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = runtime.door('random', length);
  if (!(bytes instanceof ArrayBuffer)) throw domError('OperationError', 'There are no random bytes');
  return new Uint8Array(bytes);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Nobody but this module may call the constructor, and it does so once. */
let sealed = false;

/** https://www.w3.org/TR/webcrypto-2/#Crypto-interface */
export class Crypto {
  readonly #subtle: SubtleCrypto;

  constructor() {
    if (sealed) throw new TypeError('Illegal constructor');
    sealed = true;
    this.#subtle = new SubtleCrypto();
  }

  get subtle(): SubtleCrypto {
    return this.#subtle;
  }

  getRandomValues(array: unknown): unknown {
    void this.#subtle;
    requireArguments(arguments.length, 1, 'Crypto.getRandomValues');
    if (!ArrayBuffer.isView(array)) throw new TypeError('getRandomValues fills a typed array');
    if (!INTEGER_ARRAYS.has(tagOf.call(array)))
      throw domError('TypeMismatchError', 'getRandomValues fills an array of integers');
    const { byteLength } = array;
    if (byteLength > MAX_RANDOM_BYTES)
      throw quotaExceeded(
        `getRandomValues fills ${MAX_RANDOM_BYTES} bytes at once, and ${byteLength} were asked for`,
      );
    new Uint8Array(array.buffer, array.byteOffset, byteLength).set(randomBytes(byteLength));
    return array;
  }

  randomUUID(): string {
    void this.#subtle;
    const bytes = randomBytes(16);
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
    let text = '';
    for (let index = 0; index < 16; index += 1) {
      if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
      text += HEX[bytes[index] as number];
    }
    return text;
  }
}

defineInterface(Crypto, 'Crypto');
defineInterface(CryptoKey, 'CryptoKey');
defineInterface(SubtleCrypto, 'SubtleCrypto');

export const crypto = new Crypto();
