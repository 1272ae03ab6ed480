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
  ReflectApply(PromiseThen, NativePromise.resolve(promise), [
    done,
    (/** @type {unknown} */ error) => {
      pushLog('error', `A promise given to waitUntil rejected: ${inspect(error)}`);
      done();
    },
  ]);
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

class Message {
  #payload;
  #pairs;
  #trigger;
  /** @type {MessageHeaders | undefined} */
  #headers;
  /** @type {Record<string, string> | undefined} */
  #params;
  /** @type {Uint8Array | undefined} */
  #data;
  /** @type {string} */
  subject;
  /** @type {boolean} */
  reply;
  /**
   * @param {string} subject
   * @param {number} trigger
   * @param {boolean} reply
   * @param {string[]} pairs
   * @param {GuestPayload} payload
   */
  constructor(subject, trigger, reply, pairs, payload) {
    this.subject = subject;
    this.reply = reply;
    this.#trigger = trigger;
    this.#pairs = pairs;
    this.#payload = payload;
  }
  get headers() {
    this.#headers ??= new MessageHeaders(this.#pairs);
    return this.#headers;
  }
  get params() {
    if (this.#params === undefined) {
      /** @type {Record<string, string>} */
      const params = {};
      const captures = triggers[this.#trigger]?.captures ?? [];
      const tokens = captures.length === 0 ? [] : this.subject.split('.');
      for (let index = 0; index < captures.length; index += 1) {
        const capture = captures[index];
        if (capture !== undefined)
          params[capture.name] = capture.rest
            ? tokens.slice(capture.index).join('.')
            : (tokens[capture.index] ?? '');
      }
      this.#params = params;
    }
    return this.#params;
  }
  get data() {
    this.#data ??= payloadBytes(this.#payload);
    return this.#data;
  }
  text() {
    return payloadText(this.#payload);
  }
  json() {
    return JSONParse(payloadText(this.#payload));
  }
}

class Context {
  #invocation;
  /** @type {string} */
  invocationId;
  /** @type {number} */
  deadline;
  functionName = functionName;
  namespace = functionNamespace;
  log = consoleShim;
  /**
   * @param {GuestInvocation} invocation
   * @param {number} deadline
   */
  constructor(invocation, deadline) {
    this.#invocation = invocation;
    this.invocationId = `${invocation.id}`;
    this.deadline = deadline;
  }
  /** @param {unknown} promise */
  waitUntil(promise) {
    waitUntil(this.#invocation, promise);
  }
}
