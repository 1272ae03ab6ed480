// @ts-check
// What a handler is given: the message and its context.

let functionName = '';
let functionNamespace = '';
/** What makes the ids of invocations differ from those in other cells. */
let idPrefix = '';
/** Promises of one invocation that are waited for after its reply. */
const MAX_TAILS = 64;
/** @type {{ captures: { index: number, name: string, rest: boolean }[] }[]} */
let triggers = [];

/**
 * @param {GuestInvocation} invocation
 * @param {unknown} promise
 */
function waitUntil(invocation, promise) {
  if (invocation.pendingTails >= MAX_TAILS)
    throw new NativeRangeError(`waitUntil holds ${MAX_TAILS} promises of this invocation already`);
  invocation.pendingTails += 1;
  const done = () => {
    invocation.pendingTails -= 1;
    // One that has ended has nothing to tell: whoever kept its context could have the host read millions of records.
    if (!invocation.settled || invocation.pendingTails > 0 || !isOpen(invocation)) return;
    removeOpen(invocation);
    push(`6,${idText(invocation.id)}`);
  };
  promiseThen(NativePromise.resolve(promise), done, (error) => {
    pushLog('error', `A promise given to waitUntil rejected: ${inspect(error)}`);
    done();
  });
}

/**
 * The signal of an invocation, made when it is asked for.
 * @param {GuestInvocation} invocation
 */
function signalOf(invocation) {
  let state = invocation.abort;
  if (state?.controller !== undefined) return state.controller.signal;
  const Controller = /** @type {any} */ (useFeature('events')['AbortController']);
  /** @type {AbortControllerLike} */
  const controller = new Controller();
  state ??= { controller: undefined, reason: undefined };
  state.controller = controller;
  invocation.abort = state;
  if (state.reason !== undefined) controller.abort(state.reason);
  return controller.signal;
}

/**
 * Aborts the signal of an invocation, now or when it is asked for. The first reason stands.
 * @param {GuestInvocation} invocation
 * @param {unknown} reason
 */
function abortInvocation(invocation, reason) {
  const state = invocation.abort ?? { controller: undefined, reason: undefined };
  invocation.abort = state;
  if (state.reason !== undefined) return;
  state.reason = reason;
  if (state.controller === undefined) return;
  try {
    state.controller.abort(reason);
  } catch (error) {
    pushLog('error', `A listener of an invocation's signal threw: ${inspect(error)}`);
  }
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

/**
 * Copies the payload of a message from its byte `offset` on to `target[at]`, as much as fits into `room`. Text
 * that is ASCII, and fits, is not made into bytes first.
 * @type {(message: Message, offset: number, target: Uint8Array, at: number, room: number) => number} returns how
 *   many bytes there are from `offset` on
 */
let readPayload;

class Message {
  static {
    readPayload = (message, offset, target, at, room) => {
      const parts = message.#parts;
      if (parts.kind === 0) return 0;
      if (offset === 0 && parts.kind === 1 && parts.data === undefined) {
        const text = /** @type {string} */ (parts.value);
        const length = text.length;
        if (length <= room && copyAscii(text, target, at)) return length;
      }
      const rest = message.data.subarray(offset);
      target.set(rest.length <= room ? rest : rest.subarray(0, room), at);
      return rest.length;
    };
  }
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

/**
 * The place in the trace by which a function can forward it; undefined when the invocation has none.
 * @param {GuestInvocation} invocation
 */
function readTrace({ origin, traced }) {
  if (origin === 0) return undefined;
  if (traced) return { traceparent: origin[0], tracestate: origin[1] };
  const headers = new MessageHeaders(origin);
  const traceparent = headers.get('traceparent');
  return traceparent === null ? undefined : { traceparent, tracestate: headers.get('tracestate') ?? '' };
}

/**
 * @param {string} text
 * @param {Uint8Array} target
 * @param {number} at
 * @returns whether all of it is ASCII; otherwise its beginning has been written
 */
function copyAscii(text, target, at) {
  const length = text.length;
  for (let index = 0; index < length; index += 1) {
    const code = charCodeAt(text, index);
    if (code > 0x7f) return false;
    target[at + index] = code;
  }
  return true;
}

class Context {
  #invocation;
  /** @param {GuestInvocation} invocation */
  constructor(invocation) {
    this.#invocation = invocation;
  }
  get invocationId() {
    return `${idPrefix}${idText(this.#invocation.id)}`;
  }
  get signal() {
    return signalOf(this.#invocation);
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
  get trace() {
    return readTrace(this.#invocation);
  }
  /** @param {unknown} promise */
  waitUntil(promise) {
    waitUntil(this.#invocation, promise);
  }
}
