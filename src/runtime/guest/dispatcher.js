// @ts-check
// Takes batches from the host, runs handlers one after the other, and hands results, host calls,
// logs and timers back. The record formats are those of ../wire/batch.ts.

/** @type {unknown[]} */
let batch = [];
/** @type {unknown[]} */
let batchExtras = [];
/** Where they begin in that list. */
let extrasAt = 0;
let cursor = 0;
let taken = 0;
/** Whether the batch ends with the first reply or error, which goes out then. */
let endsAtAnswer = false;
let startedAt = 0;
/** A record of kind 7 has these of the invocation before it in the batch, and the subject of another may be 0 for the same. */
let lastSubject = '';
let lastTrigger = 0;
let lastReply = false;
let lastLeftMs = 0;
let budgetMs = 5;

/** @type {GuestInvocation | undefined} */
let current;
/** What it waited for when its record was taken. */
let pendingBefore = 0;
/**
 * Hops given to an invocation that has begun to wait for the host, to one that waited for another host call before and
 * perhaps for nothing else, and to one that may still go on by itself.
 */
const HOPS_WAITING = 3;
const HOPS_BETWEEN = 16;
const HOPS_BUSY = 48;
let lastInvocationId = 0;

function currentInvocation() {
  return current;
}

/**
 * The newest invocation that what is begun in the name of `owner` may be of. After `await` the current one may be
 * another than the one whose code runs; and what goes on after its end must not live by those that come later.
 * @param {GuestInvocation} owner
 */
function newestFor(owner) {
  if (owner.newestId === 0 && !isOpen(owner)) owner.newestId = lastInvocationId;
  return owner.newestId === 0 ? lastInvocationId : owner.newestId;
}

/**
 * WebAssembly memory that is let go of here until the host replaces the isolate, in KiB: V8 gives back none of it by
 * itself.
 * The host has the same bound in bytes (../dispatch/wear.ts).
 */
const MAX_LOST_KIB = 128 * 1024;

/** @param {number} bytes */
function loseMemory(bytes) {
  marks[3] = /** @type {number} */ (marks[3]) + (bytes >> 10);
}

/** @param {GuestInvocation | undefined} invocation */
function setCurrent(invocation) {
  current = invocation;
  pendingBefore = invocation === undefined ? 0 : invocation.pendingCalls;
  marks[0] = invocation === undefined ? 0 : invocation.id;
}

/**
 * @param {GuestInvocation} invocation
 * @param {unknown} value
 */
function settle(invocation, value) {
  if (invocation.settled) return;
  invocation.settled = true;
  if (invocation.pendingTails === 0) removeOpen(invocation);
  let head = '';
  let tail = '';
  try {
    let body = value;
    /** @type {string | undefined} */
    let headers = '0';
    if (value instanceof Reply) {
      body = value.body;
      headers = quoteHeaders(value.headers);
    }
    const sent = toBody(body);
    if (headers === undefined || !fitsReply(sent)) {
      const reason =
        headers === undefined
          ? `its headers are more than the ${MAX_HEADER_CHARS / 1024}KiB of characters that those of one reply may be`
          : `with its ${sent === undefined ? 0 : sent.length} ${typeof sent === 'string' ? 'characters' : 'bytes'} the replies of one moment are more than the ${MAX_OUT_CHARS / 1024 ** 2}MiB that a cell takes`;
      pushFailure(
        invocation.id,
        'HS_REPLY_TOO_LARGE',
        `Cannot reply: ${reason}`,
        '',
        invocation.pendingTails,
      );
      return;
    }
    tail = quoteBody(sent);
    head = `0,${idText(invocation.id)},${invocation.pendingTails},${headers},`;
  } catch (error) {
    pushError(invocation.id, 'HS_FUNCTION_NO_REPLY', error, invocation.pendingTails);
    return;
  }
  answers += 1;
  push(head + tail);
}

/**
 * @param {GuestInvocation} invocation
 * @param {unknown} error
 */
function fail(invocation, error) {
  if (invocation.settled) return;
  invocation.settled = true;
  if (invocation.pendingTails === 0) removeOpen(invocation);
  const code = error !== undefined && error === calledByName ? 'HS_INVOKE_SUBJECT' : moduleErrorCode(error);
  pushError(invocation.id, code ?? 'HS_FUNCTION_THREW', error, invocation.pendingTails);
}

/** @type {TypeError | undefined} */
let calledByName;

/** What has http triggers alone needs no handler of messages until somebody calls it by its name. */
function noMessageHandler() {
  if (!servesRequests) return new TypeError('The module exports no message handler');
  calledByName ??= new TypeError('It answers HTTP requests only: its module exports no message handler');
  return calledByName;
}

/**
 * After an interruption that no open invocation can be blamed for: V8 has dropped all microtasks, so
 * whoever waits for neither the host nor a timer was the one that ran, or never goes on. Unless it waits for what
 * another invocation awaits: while anything of the instance's is to come it has until its deadline.
 */
function failStranded() {
  if (calls.size > 0 || timers.size > 0) return;
  eachOpen((invocation) => {
    if (invocation.settled || invocation.pendingCalls > 0) return;
    invocation.settled = true;
    removeOpen(invocation);
    pushError(invocation.id, 'HS_FUNCTION_CPU', undefined, invocation.pendingTails);
  });
}

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
  const call = calls.take(id);
  if (call === undefined) return undefined;
  if (call.invocation !== undefined) {
    call.invocation.pendingCalls -= 1;
    call.invocation.hostCalls -= 1;
  }
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
    const call = calls.take(id);
    if (call !== undefined && call.invocation !== undefined) {
      call.invocation.pendingCalls -= 1;
      call.invocation.hostCalls -= 1;
    }
    return undefined;
  }
  return fireTimer(id);
}

/**
 * Whether the next record is no other invocation's, so that nothing can be taken for another one's.
 * @param {GuestInvocation} invocation
 */
function isFollowedByOwn(invocation) {
  if (cursor >= batch.length) return true;
  return batch[cursor] === 1 && calls.get(batch[cursor + 1])?.invocation === invocation;
}

/**
 * Whether the invocation of the record that was taken is done with it, as far as can be told: what it does after
 * that may be taken for the next one's. What it has waited for all along, as an armed timer, says nothing.
 * @param {GuestInvocation} invocation
 * @param {number} waitedBefore host calls and timers that say nothing
 * @param {number} hops that it has had
 */
function isDone(invocation, waitedBefore, hops) {
  if (!isOpen(invocation)) return true;
  if (invocation.pendingCalls > waitedBefore) return hops >= HOPS_WAITING;
  return hops >= (invocation.hostCalls > 0 ? HOPS_BETWEEN : HOPS_BUSY);
}

/**
 * Runs the batch: between two records as many microtasks as the first one still needs. The promise that
 * is awaited has no reader but this, and awaiting one that is there costs less than `then`.
 */
async function runRecords() {
  while (cursor < batch.length) {
    if (taken > 0 && (outChars > GIVE_BACK_CHARS || DateNow() - startedAt >= budgetMs)) break;
    if (endsAtAnswer && answers > 0) break;
    if (taken > 0 && /** @type {number} */ (marks[3]) >= MAX_LOST_KIB) break;
    taken += 1;
    marks[1] = taken;
    const watched = takeRecord();
    if (watched === undefined) continue;
    const waitedBefore = isFollowedByOwn(watched) ? 0 : pendingBefore;
    let hops = 0;
    do {
      await PromiseResolved;
      hops += 1;
    } while (!isDone(watched, waitedBefore, hops));
  }
  runFinalizers();
  running = false;
  batch = [];
  batchExtras = [];
  pushDropped();
  flush();
  marks[2] = 1;
}

/**
 * wire/arguments.ts says why the JSON comes in parts.
 * @param {number} count
 * @param {unknown[]} rest the parts, and what travels beside them
 * @param {boolean} [toAnswer] whether it ends with the first answer
 */
function runBatch(count, rest, toAnswer = false) {
  let json = /** @type {string} */ (rest[0]);
  for (let index = 1; index < count; index += 1) json += rest[index];
  batch = JSONParse(json);
  batchExtras = rest;
  extrasAt = count;
  endsAtAnswer = toAnswer;
  cursor = 0;
  taken = 0;
  marks[1] = 0;
  marks[2] = 0;
  running = true;
  resetOutbox();
  startedAt = DateNow();
  void runRecords();
}

/**
 * The only door: 0 runs a batch, 1 loads a module that has just run, 2 hands over what an interrupted
 * batch left, 3 rehearses, 4 loads a WebAssembly module, 5 runs a batch up to the first answer.
 * @param {number} kind
 * @param {any} head the JSON; of a batch the number of its parts
 * @param {unknown[]} rest
 */
function enter(kind, head, ...rest) {
  if (kind === 0 || kind === 5) return runBatch(head, rest, kind === 5);
  if (kind === 1) return load(head);
  if (kind === 3) return rehearse(head);
  if (kind === 4) return loadModule(head, rest);
  if (current === undefined || current.settled) failStranded();
  running = false;
  batch = [];
  setCurrent(undefined);
  pushDropped();
  flush();
  return undefined;
}
