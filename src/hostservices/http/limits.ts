/** Ceilings of the HTTP host service. */
export const HTTP_LIMITS = {
  /** From the call to the last byte of the answer, redirects included; the invocation's deadline if that is sooner. */
  timeMs: 30_000,
  urlChars: 8_192,
  methodChars: 32,
  requestHeaders: 100,
  requestHeaderBytes: 32 * 1024,
  requestBytes: 8 * 1024 ** 2,
  responseHeaders: 256,
  responseHeaderBytes: 64 * 1024,
  /** As received, and again once decoded. */
  responseBytes: 8 * 1024 ** 2,
  /** Content encodings laid over each other in one answer. */
  contentEncodings: 2,
  redirects: 20,
  requestsPerInvocation: 32,
  requestsPerCell: 256,
  /** Bytes of the bodies of all requests under way and their answers. */
  bufferedBytesPerCell: 64 * 1024 ** 2,
  /** A connection that nobody uses is closed after so long. */
  idleConnectionMs: 5_000,
  idleConnectionsPerHost: 8,
  /** Patterns of one binding. */
  urlPatterns: 64,
} as const;
