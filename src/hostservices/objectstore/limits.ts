/** Ceilings of the object-store host service. */
export const OBJECT_LIMITS = {
  /** Longest name, in UTF-8. */
  nameBytes: 1_024,
  /** The options of a put as JSON: description, headers and metadata. */
  optionChars: 32 * 1024,
  /** What one chunk of an object that is put here has, where the server lets so much through. */
  chunkBytes: 128 * 1024,
  /** Chunks of a put that are sent and not acknowledged, after which the next waits. */
  unacknowledgedChunks: 3,
  /** Chunks of a get that are in the host, or on their way to it, before the function asks for them. */
  chunksAhead: 2,
  /** Larger chunks, which others have written, are read one by one. */
  aheadChunkBytes: 256 * 1024,
  /** Largest object that `bytes()`, `text()` and `json()` read. */
  wholeBytes: 16 * 1024 ** 2,
  /** Transfers and watches that are open at once with one binding. */
  openPerInvocation: 16,
  openPerFunction: 64,
  /** Objects that one `list()` returns, and how many characters of JSON they are. */
  listed: 5_000,
  listedChars: 4 * 1024 ** 2,
  /** Names, deleted ones included, that one `list()` looks through. */
  scanned: 100_000,
} as const;

/** What one chunk has on a server that takes messages of at most `maxPayload` bytes. */
export function chunkBytesWithin(maxPayload: number = OBJECT_LIMITS.chunkBytes): number {
  return Math.min(OBJECT_LIMITS.chunkBytes, maxPayload);
}
