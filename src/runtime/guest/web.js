// @ts-check
// The few web globals of this version: console, timers, Reply, HostError.

/**
 * @param {string} name
 * @param {unknown} value
 */
function defineGlobal(name, value) {
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
 * A value as text for the log. Never throws, whatever getters and traps the value has.
 * @param {unknown} value
 */
function inspect(value) {
  try {
    return describeValue(value);
  } catch {
    return '[value that cannot be shown]';
  }
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function describeValue(value) {
  if (typeof value === 'string') return value;
  if (value instanceof NativeError)
    return typeof value.stack === 'string' ? value.stack : `${value.name}: ${value.message}`;
  if (typeof value === 'function') return `[function ${value.name}]`;
  if (typeof value === 'object' && value !== null) {
    try {
      const json = JSONStringify(value);
      if (typeof json === 'string') return json;
    } catch {
      return '[object that cannot be shown]';
    }
  }
  return typeof value === 'symbol' ? value.toString() : `${value}`;
}

/** @param {string} level */
function consoleMethod(level) {
  return (/** @type {unknown[]} */ ...values) => {
    let text = '';
    for (let index = 0; index < values.length; index += 1)
      text += (index === 0 ? '' : ' ') + inspect(values[index]);
    pushLog(level, text);
  };
}

const consoleShim = {
  debug: consoleMethod('debug'),
  log: consoleMethod('info'),
  info: consoleMethod('info'),
  warn: consoleMethod('warn'),
  error: consoleMethod('error'),
};

/** @type {SlotTable<{ action: () => void, everyMs: number | undefined, invocation: GuestInvocation | undefined }>} */
const timers = new SlotTable();

/**
 * Tells the host of a timer and whose it is. After `await` the current invocation may be another than
 * the one whose code runs, so a timer of one that is over names the newest that it may be of instead.
 * @param {number} id
 * @param {number} delayMs
 * @param {GuestInvocation | undefined} owner
 */
function armTimer(id, delayMs, owner) {
  if (owner === undefined) return pushTimer(id, delayMs, 0, 0);
  if (owner.settled && owner.pendingTails === 0 && owner.newestId === 0) owner.newestId = newestInvocation();
  pushTimer(id, delayMs, owner.id, owner.newestId === 0 ? newestInvocation() : owner.newestId);
}

/**
 * @param {unknown} action
 * @param {unknown} delayMs
 * @param {boolean} repeat
 * @param {unknown[]} args
 */
function setTimer(action, delayMs, repeat, args) {
  if (typeof action !== 'function') throw new TypeError('A timer takes a function');
  const delay = typeof delayMs === 'number' && delayMs > 0 ? MathMin(delayMs, 2 ** 31 - 1) : 0;
  const invocation = currentInvocation();
  if (invocation !== undefined) invocation.pendingCalls += 1;
  const id = timers.add({
    action: () => ReflectApply(action, undefined, args),
    everyMs: repeat ? delay : undefined,
    invocation,
  });
  armTimer(id, delay, invocation);
  return id;
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
function clearTimer(id) {
  if (forgetTimer(id)) pushTimerClear(/** @type {number} */ (id));
}

/**
 * @param {number} id
 * @returns {GuestInvocation | undefined} the invocation that set the timer
 */
function fireTimer(id) {
  const timer = timers.get(id);
  if (timer === undefined) return undefined;
  if (timer.everyMs === undefined) forgetTimer(id);
  else armTimer(id, timer.everyMs, timer.invocation);
  setCurrent(timer.invocation);
  try {
    timer.action();
  } catch (error) {
    pushLog('error', `A timer threw: ${inspect(error)}`);
  }
  return timer.invocation;
}

defineGlobal('Reply', Reply);
defineGlobal('HostError', HostError);
defineGlobal('console', consoleShim);
defineGlobal('self', globalThis);
defineGlobal(
  'setTimeout',
  (/** @type {unknown} */ action, /** @type {unknown} */ delayMs, /** @type {unknown[]} */ ...args) =>
    setTimer(action, delayMs, false, args),
);
defineGlobal(
  'setInterval',
  (/** @type {unknown} */ action, /** @type {unknown} */ delayMs, /** @type {unknown[]} */ ...args) =>
    setTimer(action, delayMs, true, args),
);
defineGlobal('clearTimeout', clearTimer);
defineGlobal('clearInterval', clearTimer);
defineGlobal('queueMicrotask', (/** @type {() => void} */ action) => {
  promiseThen(PromiseResolved, () => action());
});
// What the memory limit does not see, and what lets two threads share state, is not offered (SECURITY.md).
for (const name of ['SharedArrayBuffer', 'Atomics', 'WebAssembly'])
  delete (/** @type {Record<string, unknown>} */ (globalThis)[name]);
