// @ts-check
// What goes out to the host: records joined as JSON, sent when a batch has run dry or, between batches,
// from a microtask.

/** Records for the host, already joined as JSON. */
let outText = '';
/** What goes with them, behind a place for their text. @type {(string | ArrayBuffer)[]} */
let outExtras = [''];
let flushPlanned = false;
/** Microtasks until it comes. */
let hopsToFlush = 0;
/** What was sent in this entry. */
let sent = 0;
let running = false;

/**
 * What one entry may hand out. The host takes no more than a little above these, so that a flood costs
 * the isolate and not the cell: a batch is given back at the first, calls and replies are refused at the second.
 */
const GIVE_BACK_CHARS = 4 * 1024 ** 2;
const MAX_OUT_CHARS = 32 * 1024 ** 2;
const MAX_OUT_RECORDS = 16_384;
const MAX_LOG_LINES = 1_000;
const MAX_LOG_CHARS = 1024 ** 2;
/** One line of the log, and of an error the text for its caller. */
const MAX_LINE_CHARS = 8_192;
const MAX_MESSAGE_CHARS = 2_048;
/** Headers of one reply; the host takes no more either. */
const MAX_HEADERS = 256;
const MAX_HEADER_CHARS = 64 * 1024;

/**
 * Handed out in an entry before no further host call goes out: records, which are parsed on the cell's main
 * thread, and all with payloads, which are copied there.
 */
const MAX_CALL_RECORD_CHARS = 4 * 1024 ** 2;
const MAX_CALL_CHARS = 8 * 1024 ** 2;

/** Handed out in this entry. */
let outChars = 0;
let recordChars = 0;
let outRecords = 0;
/** Replies and errors among these. */
let answers = 0;
let logLines = 0;
let logChars = 0;
let logsDropped = 0;

/** "00" to "99". @type {string[]} */
const LOW_DIGITS = [];
for (let low = 0; low < 100; low += 1) LOW_DIGITS[low] = low < 10 ? `0${low}` : `${low}`;
let newestHigh = 0;
let highText = '0';

/**
 * A number that is never seen again, in decimal: wire/id-text.ts says why.
 * @param {number} id
 */
function idText(id) {
  if (!(id >= 100)) return `${id}`;
  const low = id % 100;
  const high = (id - low) / 100;
  if (high !== newestHigh) {
    newestHigh = high;
    highText = `${high}`;
  }
  return `${highText}${LOW_DIGITS[low]}`;
}

/** An entry begins. */
function resetOutbox() {
  sent = 0;
  outChars = 0;
  recordChars = 0;
  outRecords = 0;
  answers = 0;
  logLines = 0;
  logChars = 0;
}

/**
 * Whether a reply with this body may still go out in this entry.
 * @param {string | Uint8Array | undefined} body
 */
function fitsReply(body) {
  return outChars + (body === undefined ? 0 : body.length) <= MAX_OUT_CHARS;
}

/**
 * Whether a host call with this payload may.
 * @param {string | Uint8Array | undefined} body
 */
function fitsCall(body) {
  return (
    outRecords < MAX_OUT_RECORDS &&
    recordChars <= MAX_CALL_RECORD_CHARS &&
    outChars <= MAX_CALL_CHARS &&
    fitsReply(body)
  );
}

/** @param {string} record */
function push(record) {
  outChars += record.length;
  recordChars += record.length;
  outRecords += 1;
  outText += outText === '' ? record : `,${record}`;
  if (!running && !flushPlanned) planFlush();
}

/**
 * Each comes later than the one before: the host takes some thousands of them in an entry and no more, and code that
 * goes on by promises alone may have as many moments as it likes.
 */
function planFlush() {
  flushPlanned = true;
  hopsToFlush = sent;
  promiseThen(PromiseResolved, hopToFlush);
}

function hopToFlush() {
  if (hopsToFlush === 0) return flush();
  hopsToFlush -= 1;
  promiseThen(PromiseResolved, hopToFlush);
}

function flush() {
  flushPlanned = false;
  if (outText === '') return;
  sent += 1;
  const given = outExtras;
  given[0] = `[${outText}]`;
  outText = '';
  outExtras = [''];
  send(given);
}

/** @param {string | Uint8Array | undefined} body */
function quoteBody(body) {
  if (body === undefined) return '0,0';
  if (typeof body === 'string') {
    if (body.length <= INLINE_CHARS) return `1,${JSONStringify(body)}`;
    return quoteExtra(body);
  }
  if (body.length <= 1024) return `2,${quoteLatin1(body)}`;
  // What is copied has neither a species nor a length of the guest's.
  const copy = bufferOf(new NativeUint8Array(body));
  if (outChars + bufferBytes(copy) > MAX_OUT_CHARS)
    throw new NativeRangeError('The bytes are more than their length says');
  return quoteExtra(copy);
}

/** @param {string | ArrayBuffer} extra */
function quoteExtra(extra) {
  outChars += typeof extra === 'string' ? extra.length : bufferBytes(extra);
  // A callback throws at certain argument counts of 255 and more (measurements, pitfall P1).
  if (outExtras.length > 100) flush();
  // A setter on Array.prototype would get hold of the list.
  const shape = { __proto__: null, value: extra, writable: true, enumerable: true, configurable: true };
  ObjectDefineProperty(outExtras, outExtras.length, shape);
  return `3,${outExtras.length - 2}`;
}

/**
 * @param {string} level
 * @param {string} text is another thing when built-ins by which it was made are the guest's: as JSON that has any length
 */
function pushLog(level, text) {
  if (!admitsLog()) {
    logsDropped += 1;
    return;
  }
  const shown = typeof text === 'string' ? text : '[text that is none]';
  const line = shown.length > MAX_LINE_CHARS ? `${stringSlice(shown, 0, MAX_LINE_CHARS)}\u2026` : shown;
  logLines += 1;
  logChars += line.length;
  push(`3,${JSONStringify(level)},${JSONStringify(line)}`);
}

/** Whether a line that is logged now goes out. */
function admitsLog() {
  return logLines < MAX_LOG_LINES && logChars < MAX_LOG_CHARS;
}

/** Says at the end of an entry what it did not let out. */
function pushDropped() {
  if (logsDropped === 0) return;
  const text = `${logsDropped} log lines were dropped: more than ${MAX_LOG_LINES} or ${MAX_LOG_CHARS / 1024 ** 2}MiB at once`;
  logsDropped = 0;
  push(`3,"warn",${JSONStringify(text)}`);
}

/**
 * @param {number} id
 * @param {number} delayMs
 * @param {number} ownerId
 * @param {number} newestId
 */
function pushTimer(id, delayMs, ownerId, newestId) {
  push(`4,${idText(id)},${delayMs},${idText(ownerId)},${idText(newestId)}`);
}

/** @param {number} id */
function pushTimerClear(id) {
  push(`5,${idText(id)}`);
}

/**
 * @param {Record<string, string | string[]>} headers
 * @returns {string | undefined} undefined when they are too many characters
 */
function quoteHeaders(headers) {
  let text = '';
  let count = 0;
  let chars = 0;
  const names = ObjectKeys(headers);
  for (let index = 0; index < names.length && count < MAX_HEADERS; index += 1) {
    const name = /** @type {string} */ (names[index]);
    const value = headers[name];
    const values = ArrayIsArray(value) ? value : [value];
    for (let at = 0; at < values.length && count < MAX_HEADERS; at += 1) {
      const item = `${values[at]}`;
      count += 1;
      chars += name.length + item.length;
      if (chars > MAX_HEADER_CHARS) return undefined;
      text += `${text === '' ? '' : ','}${JSONStringify(name)},${JSONStringify(item)}`;
    }
  }
  return text === '' ? '0' : `[${text}]`;
}

/**
 * @param {number} id
 * @param {string} code
 * @param {unknown} error
 * @param {number} tails
 */
function pushError(id, code, error, tails) {
  let message = 'The handler threw a value that cannot be shown';
  let stack = '';
  try {
    if (error instanceof NativeError) {
      message = `${error.name}: ${error.message}`;
      if (typeof error.stack === 'string') stack = error.stack;
      if (stack !== '' && error.cause !== undefined) stack += `\n[cause]: ${inspect(error.cause)}`;
    } else message = `The handler threw ${inspect(error)}`;
  } catch {
    // The error's own getters threw; the neutral message stands.
  }
  pushFailure(id, code, message, stack, tails);
}

/**
 * @param {number} id
 * @param {string} code
 * @param {string} message
 * @param {string} stack
 * @param {number} tails
 */
function pushFailure(id, code, message, stack, tails) {
  answers += 1;
  push(
    `1,${idText(id)},${tails},${JSONStringify(code)},${JSONStringify(stringSlice(message, 0, MAX_MESSAGE_CHARS))},${JSONStringify(stringSlice(stack, 0, MAX_LINE_CHARS))}`,
  );
}
