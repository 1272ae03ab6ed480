// @ts-check
// The records of a batch, in the formats of ../wire/batch.ts: what each has the function do.

/** @type {unknown[]} */
let batch = [];
/** @type {unknown[]} */
let batchExtras = [];
/** Where they begin in that list. */
let extrasAt = 0;
let cursor = 0;
/** A record of kind 7 has these of the invocation before it in the batch, and the subject of another may be 0 for the same. */
let lastSubject = '';
let lastTrigger = 0;
let lastReply = false;
let lastLeftMs = 0;

/**
 * @param {number} at
 * @returns {GuestPayload}
 */
function payloadAt(at) {
  const kind = /** @type {number} */ (batch[at]);
  if (kind !== 3) return { kind, value: /** @type {string} */ (batch[at + 1]) };
  const extra = batchExtras[extrasAt + /** @type {number} */ (batch[at + 1])];
  return typeof extra === 'string'
    ? { kind: 1, value: extra }
    : { kind: 3, value: /** @type {ArrayBuffer} */ (extra) };
}

/**
 * @param {number} trigger
 * @param {string[] | 0} pairs
 * @param {number} at
 * @returns {MessageParts}
 */
function toParts(trigger, pairs, at) {
  const kind = /** @type {number} */ (batch[at]);
  if (kind !== 3) return { trigger, pairs, kind, value: /** @type {string} */ (batch[at + 1]) };
  const payload = payloadAt(at);
  return { trigger, pairs, kind: payload.kind, value: payload.value };
}

/** @returns {GuestInvocation | undefined} the invocation whose microtasks must run before the next record */
function takeInvoke() {
  const id = /** @type {number} */ (batch[cursor + 1]);
  const kind = batch[cursor];
  /** @type {string[] | 0} */
  let pairs = 0;
  let bodyAt = cursor + 2;
  if (kind !== 7) {
    lastTrigger = /** @type {number} */ (batch[cursor + 2]);
    const subject = batch[cursor + 3];
    if (subject !== 0) lastSubject = /** @type {string} */ (subject);
    lastReply = batch[cursor + 4] === 1;
    lastLeftMs = /** @type {number} */ (batch[cursor + 5]);
    pairs = /** @type {string[] | 0} */ (batch[cursor + 6]);
    bodyAt = cursor + 7;
  }
  const parts = toParts(lastTrigger, pairs, bodyAt);
  let origin = pairs;
  cursor = bodyAt + 2;
  if (kind === 6) {
    origin = /** @type {[string, string]} */ (batch[cursor]);
    cursor += 1;
  }
  /** @type {GuestInvocation} */
  const invocation = {
    id,
    startedAt,
    leftMs: lastLeftMs,
    settled: false,
    pendingCalls: 0,
    hostCalls: 0,
    pendingTails: 0,
    origin,
    traced: origin !== pairs,
    newestId: 0,
    abort: undefined,
    before: undefined,
    after: undefined,
  };
  lastInvocationId = id;
  addOpen(invocation);
  setCurrent(invocation);
  try {
    const handler = handlers['message'];
    let result;
    // No subject of a message has a space in it.
    if (servesRequests && includesText(lastSubject, ' '))
      result = serveRequest(invocation, lastSubject, parts);
    else {
      if (handler === undefined) throw noMessageHandler();
      const message = new Message(lastSubject, lastReply, parts);
      result = callFunction(handler, handlers, message, env, new Context(invocation));
    }
    if (
      typeof result === 'object' &&
      result !== null &&
      typeof (/** @type {PromiseLike<unknown>} */ (result).then) === 'function'
    ) {
      promiseThen(
        NativePromise.resolve(result),
        (value) => settle(invocation, value),
        (error) => fail(invocation, error),
      );
      return invocation;
    }
    settle(invocation, result);
  } catch (error) {
    fail(invocation, error);
  }
  return undefined;
}

/** @returns {GuestInvocation | undefined} */
function takeCompletion() {
  const id = /** @type {number} */ (batch[cursor + 1]);
  const status = batch[cursor + 2];
  const value = batch[cursor + 3];
  const payload = payloadAt(cursor + 4);
  cursor += 6;
  const call = takeCall(id);
  if (call === undefined) return undefined;
  setCurrent(call.invocation);
  if (status === 1) {
    try {
      call.resolve(call.convert(value, payload));
    } catch (error) {
      call.reject(error);
    }
  } else {
    const [code, message, retryable] = /** @type {[string, string, number]} */ (value);
    call.reject(new HostError(code, message, retryable === 1));
  }
  return call.invocation;
}

/** Told when an invocation is ended by force: what waits in its name never goes on. */
let endedListener = () => {};

/** @returns {GuestInvocation | undefined} */
function takeAbort() {
  const invocation = findOpen(/** @type {number} */ (batch[cursor + 1]));
  const ended = batch[cursor + 2] === 1;
  const why = /** @type {[string, string, number]} */ (batch[cursor + 3]);
  cursor += 4;
  if (invocation === undefined) return undefined;
  if (ended) {
    invocation.settled = true;
    removeOpen(invocation);
    endedListener();
  }
  setCurrent(invocation);
  abortInvocation(invocation, new HostError(why[0], why[1], why[2] === 1));
  return invocation;
}

function takeRecord() {
  const kind = batch[cursor];
  if (kind === 7 || kind === 0 || kind === 6) return takeInvoke();
  if (kind === 1) return takeCompletion();
  if (kind === 2) return takeAbort();
  const id = /** @type {number} */ (batch[cursor + 1]);
  cursor += 2;
  if (kind === 4) {
    forgetTimer(id);
    return undefined;
  }
  if (kind === 5) {
    takeCall(id);
    return undefined;
  }
  return fireTimer(id);
}
