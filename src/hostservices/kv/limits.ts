/** Ceilings of the KV host service. */
export const KV_LIMITS = {
  /** Longest key; as long as a subject. */
  keyBytes: 512,
} as const;
