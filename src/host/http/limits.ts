/** What the gateway takes; docs/http.md lists the same numbers. */
export const GATEWAY_LIMITS = {
  /** Open connections; more are closed at once. */
  connections: 1_024,
  /** Requests in hand, and those of one namespace. */
  requests: 512,
  requestsOfNamespace: 256,
  /** Bodies of requests and responses in memory, and those of one namespace: at least the largest body and its answer. */
  bodyBytes: 128 * 1024 ** 2,
  bodyBytesOfNamespace: 80 * 1024 ** 2,
  /** Request line and headers together. */
  headerBytes: 16 * 1024,
  headers: 100,
  /** From the first byte of a request to the end of its headers, and to the end of its body. */
  headersMs: 10_000,
  requestMs: 30_000,
  /** How long a connection is kept without a request. */
  keepAliveMs: 5_000,
  /** How long a client may take to read a response. */
  responseMs: 30_000,
  /** How much longer than the function's own limit its answer is waited for. */
  marginMs: 2_000,
  /** What a client that is told to come again is told to wait. */
  retryAfterSeconds: 1,
} as const;
