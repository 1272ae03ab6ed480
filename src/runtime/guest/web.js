// @ts-check
// The globals that every function has from the start: timers, Reply, HostError. Features make the others.

/**
 * @param {string} name
 * @param {unknown} value
 */
function defineGlobal(name, value) {
  if (typeof value === 'function' && value.name === '')
    ObjectDefineProperty(value, 'name', { value: name, configurable: true });
  ObjectDefineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}

/** A reply with headers. */
class Reply {
  /** @type {unknown} */
  body;
  /** @type {Record<string, string | string[]>} */
  headers;
  /**
   * @param {unknown} body
   * @param {{ headers?: Record<string, string | string[]> }} options
   */
  constructor(body = undefined, options = {}) {
    this.body = body;
    this.headers = options.headers ?? {};
  }
}

/** An error of the host: a denied, failed or impossible host call. */
class HostError extends NativeError {
  /** @type {string} */
  code;
  /** @type {boolean} */
  retryable;
  /**
   * @param {string} code
   * @param {string} message
   * @param {boolean} retryable
   */
  constructor(code, message, retryable) {
    super(message);
    this.name = 'HostError';
    this.code = code;
    this.retryable = retryable;
  }
}

/**
 * @typedef {object} ArmedTimer
 * @property {Function} action
 * @property {unknown[]} args
 * @property {number | undefined} everyMs
 * @property {GuestInvocation | undefined} invocation
 * @property {number} newestId of the invocations that may inherit it
 */

/** @type {SlotTable<ArmedTimer>} */
const timers = new SlotTable();
/** Armed at once; the host counts too. */
const MAX_TIMERS = 1_000;

/**
 * Tells the host of a timer and whose it is.
 * @param {number} id
 * @param {number} delayMs
 * @param {ArmedTimer} timer
 */
function armTimer(id, delayMs, timer) {
  const owner = timer.invocation;
  if (owner === undefined) return pushTimer(id, delayMs, 0, 0);
  timer.newestId = newestFor(owner);
  pushTimer(id, delayMs, owner.id, timer.newestId);
}

/**
 * @param {unknown} action
 * @param {unknown} delayMs
 * @param {boolean} repeat
 * @param {unknown[]} args
 */
function setTimer(action, delayMs, repeat, args) {
  // A string is not evaluated.
  if (typeof action !== 'function') throw new TypeError('A timer takes a function');
  const wanted = typeof delayMs === 'number' ? delayMs | 0 : NativeNumber(delayMs) | 0;
  const delay = MathMax(wanted, 0);
  if (timers.size >= MAX_TIMERS || outRecords >= MAX_OUT_RECORDS) {
    pushLog('error', `A timer was not set: ${MAX_TIMERS} are armed already, or too many were set at once`);
    return 0;
  }
  const invocation = currentInvocation();
  if (invocation !== undefined) invocation.pendingCalls += 1;
  const timer = { action, args, everyMs: repeat ? delay : undefined, invocation, newestId: 0 };
  const id = timers.add(timer);
  armTimer(id, delay, timer);
  return id;
}

/** @param {number} id */
function isTimerArmed(id) {
  return timers.get(id) !== undefined;
}

/**
 * Whether a timer lasts at least as long as the invocation whose code runs: it is its own, or may be inherited by it.
 * @param {number} id
 */
function isTimerKept(id) {
  const timer = timers.get(id);
  if (timer === undefined) return false;
  const invocation = currentInvocation();
  const { newestId } = timer;
  // Ids start anew after 2^31 - 1; 0 is nobody's.
  return invocation === undefined || (newestId !== 0 && (invocation.id - newestId) << 1 <= 0);
}

/**
 * @param {unknown} id
 * @returns {boolean} whether there was such a timer
 */
function forgetTimer(id) {
  const timer = timers.take(id);
  if (timer === undefined) return false;
  if (timer.invocation !== undefined) timer.invocation.pendingCalls -= 1;
  return true;
}

/** @param {unknown} id */
function clearTimer(id = undefined) {
  const number = typeof id === 'string' ? NativeNumber(id) : id;
  if (forgetTimer(number)) pushTimerClear(/** @type {number} */ (number));
}

/**
 * What code of a function's threw where nobody could catch it.
 * @param {unknown} error
 */
function reportUncaught(error) {
  const events = /** @type {any} */ (featuresMade['events']);
  // Nobody can listen for errors without that feature.
  if (events === undefined) pushLog('error', `Uncaught ${inspect(error)}`);
  else events.internals.reportException(error);
}

/**
 * @param {number} id
 * @returns {GuestInvocation | undefined} the invocation that set the timer
 */
function fireTimer(id) {
  const timer = timers.get(id);
  if (timer === undefined) return undefined;
  if (timer.everyMs === undefined) forgetTimer(id);
  else armTimer(id, timer.everyMs, timer);
  setCurrent(timer.invocation);
  try {
    const { action, args } = timer;
    if (args.length === 0) action();
    else ReflectApply(action, undefined, args);
  } catch (error) {
    reportUncaught(error);
  }
  return timer.invocation;
}

defineGlobal('Reply', Reply);
defineGlobal('HostError', HostError);
defineGlobal('console', consoleShim);
defineGlobal('self', globalThis);
defineGlobal(
  'setTimeout',
  (/** @type {unknown} */ action, /** @type {unknown} */ delayMs = 0, /** @type {unknown[]} */ ...args) =>
    setTimer(action, delayMs, false, args),
);
defineGlobal(
  'setInterval',
  (/** @type {unknown} */ action, /** @type {unknown} */ delayMs = 0, /** @type {unknown[]} */ ...args) =>
    setTimer(action, delayMs, true, args),
);
defineGlobal('clearTimeout', (/** @type {unknown} */ id = undefined) => clearTimer(id));
defineGlobal('clearInterval', (/** @type {unknown} */ id = undefined) => clearTimer(id));
defineGlobal('queueMicrotask', (/** @type {unknown} */ action) => {
  if (typeof action !== 'function') throw new TypeError('queueMicrotask takes a function');
  promiseThen(PromiseResolved, () => {
    try {
      ReflectApply(action, undefined, []);
    } catch (error) {
      reportUncaught(error);
    }
  });
});
// Whoever never sets it needs no events.
ObjectDefineProperty(globalThis, 'onerror', {
  configurable: true,
  enumerable: false,
  get() {
    const events = /** @type {any} */ (featuresMade['events']);
    return events === undefined ? null : events.internals.errorHandler.get();
  },
  set(value) {
    /** @type {any} */ (useFeature('events')).internals.errorHandler.set(value);
  },
});
defineGlobal('reportError', (/** @type {unknown} */ error) => reportUncaught(error));
// What the memory limit does not see, and what lets two threads share state, is not offered (SECURITY.md).
for (const name of ['SharedArrayBuffer', 'Atomics', 'WebAssembly'])
  delete (/** @type {Record<string, unknown>} */ (globalThis)[name]);
