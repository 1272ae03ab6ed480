/** Ceilings of the KV host service. */
export const KV_LIMITS = {
  /** Longest key; as long as a subject. */
  keyBytes: 512,
  /** Values of one key that one `history()` gives; the server keeps no more in a bucket. */
  historyEntries: 64,
  /** Bytes of the values that one `history()` gives. */
  historyBytes: 8 * 1024 ** 2,
  /** Keys, deleted ones included, that one `keys()` looks through. */
  keysScanned: 100_000,
  /** Open at once with one binding. */
  watchesPerInvocation: 16,
  watchesPerFunction: 128,
  /** What a watch holds of which the function has not asked for yet. */
  watchEntries: 32,
  watchBytes: 256 * 1024,
  /** Shortest life of a value by itself; the server's own limit. */
  minTtlMs: 1_000,
  /** A hundred years. */
  maxTtlMs: 3_155_760_000_000,
} as const;
