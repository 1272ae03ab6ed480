/** Web Cryptography: https://www.w3.org/TR/webcrypto-2/ and https://wicg.github.io/webcrypto-modern-algos/ */
import { CryptoKey, cloneKey, slotsOf } from './key.ts';
import { Crypto, crypto } from './random.ts';
import { SubtleCrypto } from './subtle.ts';

export { Crypto, CryptoKey, crypto, SubtleCrypto };

export const internals = {
  clone: (value: object): object | undefined =>
    slotsOf(value) === undefined ? undefined : cloneKey(value as CryptoKey),
};
