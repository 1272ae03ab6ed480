// @ts-check
// What a handler is given: the message and its context.

let functionName = '';
let functionNamespace = '';
/** @type {{ captures: { index: number, name: string, rest: boolean }[] }[]} */
let triggers = [];

/**
 * @param {GuestInvocation} invocation
 * @param {unknown} promise
 */
function waitUntil(invocation, promise) {
  invocation.pendingTails += 1;
  const done = () => {
    invocation.pendingTails -= 1;
    if (invocation.settled && invocation.pendingTails === 0) push(`6,${invocation.id}`);
  };
  promiseThen(NativePromise.resolve(promise), done, (error) => {
    pushLog('error', `A promise given to waitUntil rejected: ${inspect(error)}`);
    done();
  });
}

class MessageHeaders {
  #pairs;
  /** @param {string[]} pairs */
  constructor(pairs) {
    this.#pairs = pairs;
  }
  /** @param {string} name */
  getAll(name) {
    const wanted = `${name}`.toLowerCase();
    const found = [];
    for (let index = 0; index + 1 < this.#pairs.length; index += 2) {
      if (/** @type {string} */ (this.#pairs[index]).toLowerCase() === wanted)
        found[found.length] = /** @type {string} */ (this.#pairs[index + 1]);
    }
    return found;
  }
  /** @param {string} name */
  get(name) {
    return this.getAll(name)[0] ?? null;
  }
  /** @param {string} name */
  has(name) {
    return this.getAll(name).length > 0;
  }
  *entries() {
    for (let index = 0; index + 1 < this.#pairs.length; index += 2)
      yield [/** @type {string} */ (this.#pairs[index]), /** @type {string} */ (this.#pairs[index + 1])];
  }
  *keys() {
    for (let index = 0; index < this.#pairs.length; index += 2)
      yield/** @type {string} */ (this.#pairs[index]);
  }
  [Symbol.iterator]() {
    return this.entries();
  }
}

/**
 * What a message was made of, and what has been made of it; one object, because each private field
 * costs a little at every invocation.
 * @typedef {{
 *   trigger: number,
 *   pairs: string[] | 0,
 *   kind: number,
 *   value: string | ArrayBuffer,
 *   headers?: MessageHeaders,
 *   params?: Record<string, string>,
 *   data?: Uint8Array,
 * }} MessageParts
 */

class Message {
  #parts;
  /** @type {string} */
  subject;
  /** @type {boolean} */
  reply;
  /**
   * @param {string} subject
   * @param {boolean} reply
   * @param {MessageParts} parts
   */
  constructor(subject, reply, parts) {
    this.subject = subject;
    this.reply = reply;
    this.#parts = parts;
  }
  get headers() {
    const parts = this.#parts;
    parts.headers ??= new MessageHeaders(parts.pairs === 0 ? [] : parts.pairs);
    return parts.headers;
  }
  get params() {
    const parts = this.#parts;
    parts.params ??= captureParams(parts.trigger, this.subject);
    return parts.params;
  }
  get data() {
    const parts = this.#parts;
    parts.data ??= payloadBytes(parts);
    return parts.data;
  }
  text() {
    return payloadText(this.#parts);
  }
  json() {
    return JSONParse(payloadText(this.#parts));
  }
}

/**
 * @param {number} trigger
 * @param {string} subject
 */
function captureParams(trigger, subject) {
  /** @type {Record<string, string>} */
  const params = {};
  const captures = triggers[trigger]?.captures ?? [];
  const tokens = captures.length === 0 ? [] : subject.split('.');
  for (let index = 0; index < captures.length; index += 1) {
    const capture = captures[index];
    if (capture === undefined) continue;
    params[capture.name] = capture.rest
      ? tokens.slice(capture.index).join('.')
      : (tokens[capture.index] ?? '');
  }
  return params;
}

class Context {
  #invocation;
  /** @param {GuestInvocation} invocation */
  constructor(invocation) {
    this.#invocation = invocation;
  }
  get invocationId() {
    return `${this.#invocation.id}`;
  }
  get deadline() {
    return this.#invocation.startedAt + this.#invocation.leftMs;
  }
  get functionName() {
    return functionName;
  }
  get namespace() {
    return functionNamespace;
  }
  get log() {
    return consoleShim;
  }
  /** @param {unknown} promise */
  waitUntil(promise) {
    waitUntil(this.#invocation, promise);
  }
}
