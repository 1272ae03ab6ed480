/** Ceilings of the messaging host service. */
export const MESSAGING_LIMITS = {
  /** Subject patterns of one binding, of each kind. */
  patterns: 64,
  /** Headers that a function may set on one message. */
  headers: 64,
  /** Bytes of the names and values of those headers. */
  headerBytes: 16 * 1024,
  /** How long a request waits where it does not say. */
  defaultTimeoutMs: 5_000,
  /** Bytes sent to the server and not known to have arrived, after which the next waits. */
  unconfirmedBytes: 1024 ** 2,
  /** Bytes that may wait so in one cell; what comes beyond them is refused. */
  waitingBytes: 16 * 1024 ** 2,
} as const;
