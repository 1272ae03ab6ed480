/** Ceilings of the HTTP host service. */
export const HTTP_LIMITS = {
  /**
   * From the call, or from the last byte of a body that is streamed, to the headers of the answer, redirects included;
   * the invocation's deadline if that is sooner.
   */
  timeMs: 30_000,
  urlChars: 8_192,
  methodChars: 32,
  requestHeaders: 100,
  requestHeaderBytes: 32 * 1024,
  /** Of a body that is given whole. */
  requestBytes: 8 * 1024 ** 2,
  /** One piece of a body that is streamed. */
  pieceBytes: 256 * 1024,
  responseHeaders: 256,
  responseHeaderBytes: 64 * 1024,
  /** Of a body that is read whole: as received, and again once decoded. */
  responseBytes: 8 * 1024 ** 2,
  /** A body of at most so much goes to the function with the headers, if it is there so soon after them. */
  besideBytes: 64 * 1024,
  besideMs: 10,
  /** What is counted for one answer in any case: its streams, and what is read to see whether that is all. */
  aheadBytes: 128 * 1024,
  /** Content encodings laid over each other in one answer. */
  contentEncodings: 2,
  redirects: 20,
  /** From the call to the last byte of the answer, with one binding. */
  requestsPerInvocation: 32,
  requestsPerFunction: 128,
  /** The same, with all bindings. */
  requestsPerCell: 256,
  /** Bytes of the bodies of all requests under way and their answers. */
  bufferedBytesPerCell: 64 * 1024 ** 2,
  /** A connection that nobody uses is closed after so long. */
  idleConnectionMs: 5_000,
  idleConnectionsPerHost: 8,
  /** Look-ups of names that one binding has begun and nobody has answered yet. */
  lookUpsPerFunction: 32,
  /** What a look-up has found is good for so long, for so many names of a cell. */
  nameKeptMs: 1_000,
  namesKept: 256,
  /** Patterns of one binding. */
  urlPatterns: 64,
} as const;
