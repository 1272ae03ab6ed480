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

/** @type {AnswerConverter<MessageReply>} */
function toMessageReply(pairs, payload) {
  return new MessageReply(/** @type {string[]} */ (pairs), payload);
}

/** @typedef {Record<string, string | string[]>} SentHeaders */

services['messaging'] = (call) => ({
  /**
   * @param {string} subject
   * @param {unknown} data
   * @param {{ headers?: SentHeaders }} options
   */
  async publish(subject, data, options = {}) {
    return call('publish', [subject, messageHeaders(subject, options.headers ?? {})], data, () => undefined);
  },
  /**
   * @param {string} subject
   * @param {unknown} data
   * @param {{ headers?: SentHeaders, timeoutMs?: number, messageId?: string, expectedLastSequence?: number, expectedLastSubjectSequence?: number }} options
   */
  async publishAcked(subject, data, options = {}) {
    const { headers = {}, timeoutMs = '', messageId = '' } = options;
    const { expectedLastSequence = '', expectedLastSubjectSequence = '' } = options;
    return call(
      'publishAcked',
      [
        subject,
        messageHeaders(subject, headers),
        timeoutMs,
        messageId,
        expectedLastSequence,
        expectedLastSubjectSequence,
      ],
      data,
      (ack) => ack,
    );
  },
  /**
   * @param {string} subject
   * @param {unknown} data
   * @param {{ headers?: SentHeaders, timeoutMs?: number }} options
   */
  async request(subject, data, options = {}) {
    const { headers = {}, timeoutMs = '' } = options;
    return call('request', [subject, messageHeaders(subject, headers), timeoutMs], data, toMessageReply);
  },
  /**
   * @param {string} subject
   * @param {unknown} data
   * @param {{ headers?: SentHeaders, timeoutMs?: number, maxMessages?: number, stallMs?: number }} options
   */
  requestMany(subject, data, options = {}) {
    const open = async () => {
      const { headers = {}, timeoutMs = '', maxMessages = '', stallMs = '' } = options;
      const args = [subject, messageHeaders(subject, headers), timeoutMs, maxMessages, stallMs];
      return call('requestMany', args, data, (handle) => handle);
    };
    return iterateHandle(call, open(), toMessageReply);
  },
});

ObjectDefineProperty(Context.prototype, 'call', {
  configurable: true,
  writable: true,
  /**
   * @param {string} name
   * @param {unknown} data
   * @param {{ headers?: SentHeaders, timeoutMs?: number, subject?: string }} options
   */
  async value(name, data, options = {}) {
    const { headers = {}, timeoutMs = '', subject = '' } = options;
    const args = [name, messageHeaders(name, headers), timeoutMs, subject];
    return callHost('$functions', 'call', args, data, toMessageReply);
  },
});
