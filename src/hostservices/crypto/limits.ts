/**
 * What one function may ask of Web Crypto. Its work is done on the four threads that a cell's process has
 * for files and names too, and nothing can interrupt it there, so each request is bounded beforehand.
 */
export const CRYPTO_LIMITS = {
  /** Data, signatures and parameters of one operation together. */
  requestBytes: 16 * 1024 ** 2,
  /** The request without its bytes: algorithm, usages, JSON Web Key. */
  requestChars: 64 * 1024,
  /** Material of one key; the largest of a known algorithm is under 10 KB, a secret may have any length. */
  keyBytes: 64 * 1024,
  /** A private operation takes 5 ms with 4096 bits, and eight times that with 8192. */
  rsaModulusBits: 4_096,
  /** Iterations of PBKDF2; 1,000,000 take half a second for one block of output. */
  pbkdf2Iterations: 1_000_000,
  /** Iterations times the blocks of output that each is done for. */
  pbkdf2Work: 4_000_000,
  argon2MemoryKiB: 64 * 1024,
  argon2Parallelism: 16,
  /** Memory times passes. */
  argon2WorkKiB: 256 * 1024,
  /** Output of a derivation or of a digest with a length to choose. */
  outputBits: 8 * 1024 ** 2,
  /** Operations at once. */
  runningPerFunction: 2,
  runningPerCell: 3,
  /** Operations that wait for their turn, and their bytes. */
  waitingPerFunction: 4_096,
  waitingBytesPerFunction: 64 * 1024 ** 2,
  /** Keys that are kept imported per function. */
  cachedKeys: 32,
} as const;
