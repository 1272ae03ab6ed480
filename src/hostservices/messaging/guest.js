// @ts-check
// Messaging as a handler sees it. Runs inside the isolate, after the runtime's guest scripts.

class MessageReply {
  #payload;
  #pairs;
  /** @type {MessageHeaders | undefined} */
  #headers;
  /**
   * @param {string[]} pairs
   * @param {GuestPayload} payload
   */
  constructor(pairs, payload) {
    this.#pairs = pairs;
    this.#payload = payload;
  }
  get headers() {
    this.#headers ??= new MessageHeaders(this.#pairs);
    return this.#headers;
  }
  get data() {
    return payloadBytes(this.#payload);
  }
  text() {
    return payloadText(this.#payload);
  }
  json() {
    return JSONParse(payloadText(this.#payload));
  }
}

/**
 * @param {string} subject
 * @param {Record<string, string | string[]>} headers
 * @returns {string}
 */
function messageHeaders(subject, headers) {
  const quoted = quoteHeaders(headers);
  if (quoted !== undefined) return quoted;
  throw new HostError(
    'HS_HEADER_INVALID',
    `Cannot send a message to ${subject}: its headers are more than ${MAX_HEADER_CHARS} characters`,
    false,
  );
}

services['messaging'] = (call) => ({
  /**
   * @param {string} subject
   * @param {unknown} data
   * @param {{ headers?: Record<string, string | string[]> }} options
   */
  async publish(subject, data, options = {}) {
    return call('publish', [subject, messageHeaders(subject, options.headers ?? {})], data, () => undefined);
  },
  /**
   * @param {string} subject
   * @param {unknown} data
   * @param {{ headers?: Record<string, string | string[]>, timeoutMs?: number }} options
   */
  async request(subject, data, options = {}) {
    const { headers = {}, timeoutMs } = options;
    const args = [subject, messageHeaders(subject, headers)];
    return call(
      'request',
      timeoutMs === undefined ? args : [...args, timeoutMs],
      data,
      (pairs, payload) => new MessageReply(/** @type {string[]} */ (pairs), payload),
    );
  },
});
