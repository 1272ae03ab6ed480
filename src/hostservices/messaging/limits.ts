/** Ceilings of the messaging host service. */
export const MESSAGING_LIMITS = {
  /** Subject patterns of one binding, of each kind. */
  patterns: 64,
  /** Headers that a function may set on one message. */
  headers: 64,
  /** Bytes of the names and values of those headers. */
  headerBytes: 16 * 1024,
  /** Functions that one binding names. */
  calls: 64,
  /** Calls from function to function that may lead to one another. */
  callDepth: 16,
  /** How much longer a caller waits than its callee is told, so that it hears the callee's own time-out. */
  callGraceMs: 250,
  /** Characters of a message's id for de-duplication. */
  messageIdChars: 256,
  /** Open `requestMany` of one invocation, and of one function, with one binding. */
  manyPerInvocation: 16,
  manyPerFunction: 256,
  /** Replies of one `requestMany` that wait for the function, and their bytes. */
  waitingReplies: 1_024,
  waitingReplyBytes: 4 * 1024 ** 2,
  /** Bytes of such replies in one cell. */
  cellReplyBytes: 32 * 1024 ** 2,
  /** How long a request waits where it does not say. */
  defaultTimeoutMs: 5_000,
  /** Bytes sent to the server and not known to have arrived, after which the next waits. */
  unconfirmedBytes: 1024 ** 2,
  /** Bytes that may wait so in one cell; what comes beyond them is refused. */
  waitingBytes: 16 * 1024 ** 2,
} as const;
