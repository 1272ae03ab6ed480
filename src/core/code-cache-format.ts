/**
 * How a node keeps V8's code cache of a function beside its artifact. The host writes the file, cells read
 * it. V8 aborts the process on a cache that was altered, so a reader believes none whose digest is another.
 *
 * `HSCC` · format (1 byte) · SHA-256 of what follows · length of the tag (1 byte) · tag · SHA-256 of the
 * artifact (32 bytes) · cache
 */

/** What V8 made of a function's script, and which V8 with which flags made it. */
export interface CodeCacheRecord {
  /** Equal for two processes that accept each other's caches. */
  readonly tag: string;
  readonly bytes: Uint8Array;
}

/** The SHA-256 of bytes; core has no cryptography of its own. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** A larger cache is not kept: what it saves is little beside what its function does when it loads. */
export const MAX_CODE_CACHE_BYTES = 16 * 1024 ** 2;
export const CODE_CACHE_TAG = /^[\x21-\x7e]{1,100}$/;

const MAGIC: readonly number[] = [0x48, 0x53, 0x43, 0x43, 1];
const DIGEST_BYTES = 32;
const BODY = MAGIC.length + DIGEST_BYTES;

export function encodeCodeCache(
  { tag, bytes }: CodeCacheRecord,
  artifactDigest: string,
  sha256: Sha256,
): Uint8Array {
  const name = new TextEncoder().encode(tag);
  const file = new Uint8Array(BODY + 1 + name.length + DIGEST_BYTES + bytes.length);
  file.set(MAGIC);
  file[BODY] = name.length;
  file.set(name, BODY + 1);
  file.set(Uint8Array.fromHex(artifactDigest), BODY + 1 + name.length);
  file.set(bytes, BODY + 1 + name.length + DIGEST_BYTES);
  file.set(sha256(file.subarray(BODY)), MAGIC.length);
  return file;
}

/** @returns the cache; undefined when the file is not whole, or of another artifact, V8 or set of flags */
export function decodeCodeCache(
  file: Uint8Array,
  tag: string,
  artifactDigest: string,
  sha256: Sha256,
): Uint8Array | undefined {
  if (file.length < BODY + 1 + DIGEST_BYTES || MAGIC.some((byte, index) => file[index] !== byte))
    return undefined;
  const artifactAt = BODY + 1 + (file[BODY] ?? 0);
  const bytesAt = artifactAt + DIGEST_BYTES;
  if (file.length <= bytesAt) return undefined;
  if (new TextDecoder().decode(file.subarray(BODY + 1, artifactAt)) !== tag) return undefined;
  if (file.subarray(artifactAt, bytesAt).toHex() !== artifactDigest) return undefined;
  const isWhole = file.subarray(MAGIC.length, BODY).toHex() === sha256(file.subarray(BODY)).toHex();
  return isWhole ? file.subarray(bytesAt) : undefined;
}
