import type { webcrypto } from 'node:crypto';
import { HairspringError } from '../../core/index.ts';
import { CRYPTO_LIMITS } from './limits.ts';

/** Bits of output per block of PBKDF2, each of which costs all the iterations. */
const DIGEST_BITS: Readonly<Record<string, number>> = {
  'SHA-1': 160,
  'SHA-256': 256,
  'SHA3-256': 256,
  'SHA-384': 384,
  'SHA3-384': 384,
};
const LONGEST_DIGEST_BITS = 512;
/** Of a key whose length is left to its algorithm: an HMAC key with SHA-512. */
const LONGEST_KEY_BITS = 1_024;
/** Other exponents are no use, and some of them keep OpenSSL searching for primes without end. */
const MAX_EXPONENT_BYTES = 16;
const RSA_EXPONENTS: ReadonlySet<string> = new Set(['3', '65537']);

function check(what: string, value: unknown, limit: number, unit = ''): void {
  if (value === undefined || (typeof value === 'number' && value <= limit)) return;
  throw new HairspringError(
    'HS_CRYPTO_LIMIT',
    `Cannot begin a crypto operation: ${what} ${String(value)} is over the limit of ${limit}${unit}`,
  );
}

/**
 * Refuses what would hold a worker thread for long.
 * @throws HS_CRYPTO_LIMIT
 */
export function checkParameters(
  name: string,
  parameters: ReadonlyMap<string, unknown>,
  outputBits: number | null,
): void {
  check('an output of', outputBits ?? 0, CRYPTO_LIMITS.outputBits, ' bits');
  const outputLength = parameters.get('outputLength');
  check('an output of', outputLength, CRYPTO_LIMITS.outputBits, ' bits');
  // Node takes names in any case.
  switch (name.toUpperCase()) {
    case 'PBKDF2':
      checkPbkdf2(parameters, outputBits);
      return;
    case 'ARGON2D':
    case 'ARGON2I':
    case 'ARGON2ID':
      checkArgon2(parameters);
      return;
    default:
      check('a modulus of', parameters.get('modulusLength'), CRYPTO_LIMITS.rsaModulusBits, ' bits');
      check('a key of', parameters.get('length'), CRYPTO_LIMITS.keyBytes * 8, ' bits');
  }
}

function checkPbkdf2(parameters: ReadonlyMap<string, unknown>, outputBits: number | null): void {
  const iterations = Number(parameters.get('iterations') ?? 0);
  check('PBKDF2 with iterations:', iterations, CRYPTO_LIMITS.pbkdf2Iterations);
  const hash = parameters.get('hash') as { readonly name: string } | undefined;
  const blockBits = DIGEST_BITS[hash?.name.toUpperCase() ?? ''] ?? LONGEST_DIGEST_BITS;
  const work = iterations * Math.ceil((outputBits ?? LONGEST_KEY_BITS) / blockBits);
  check('PBKDF2 with iterations times blocks of output:', work, CRYPTO_LIMITS.pbkdf2Work);
}

function checkArgon2(parameters: ReadonlyMap<string, unknown>): void {
  const memoryKiB = Number(parameters.get('memory') ?? 0);
  const work = memoryKiB * Number(parameters.get('passes') ?? 0);
  check('Argon2 with memory of', memoryKiB, CRYPTO_LIMITS.argon2MemoryKiB, ' KiB');
  check('Argon2 with memory times passes:', work, CRYPTO_LIMITS.argon2WorkKiB, ' KiB');
  check('Argon2 with lanes:', parameters.get('parallelism'), CRYPTO_LIMITS.argon2Parallelism);
}

/** Whether a key pair of RSA may be made with this exponent, in bytes from the highest. */
export function isRsaExponent(exponent: Uint8Array): boolean {
  if (exponent.length > MAX_EXPONENT_BYTES) return false;
  return RSA_EXPONENTS.has(BigInt(`0x0${Buffer.from(exponent).toString('hex')}`).toString());
}

/**
 * Refuses keys with which an operation would take long.
 * @throws HS_CRYPTO_LIMIT
 */
export function checkKey(key: webcrypto.CryptoKey): void {
  const { modulusLength } = key.algorithm as webcrypto.RsaKeyAlgorithm;
  check('a modulus of', modulusLength, CRYPTO_LIMITS.rsaModulusBits, ' bits');
}
