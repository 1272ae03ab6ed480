// @ts-check
// What goes out to the host: records joined as JSON, sent when a batch has run dry or, between batches,
// from a microtask.

/** Records for the host, already joined as JSON. */
let outText = '';
/** @type {(string | ArrayBuffer)[]} */
let outExtras = [];
let flushPlanned = false;
let running = false;

/** @param {string} record */
function push(record) {
  outText += outText === '' ? record : `,${record}`;
  if (!running && !flushPlanned) {
    flushPlanned = true;
    promiseThen(PromiseResolved, flush);
  }
}

function flush() {
  flushPlanned = false;
  if (outText === '') return;
  const json = `[${outText}]`;
  const extras = outExtras;
  outText = '';
  outExtras = [];
  send(json, ...extras);
}

/** @param {string | Uint8Array | undefined} body */
function quoteBody(body) {
  if (body === undefined) return '0,0';
  if (typeof body === 'string') {
    if (body.length <= INLINE_CHARS) return `1,${JSONStringify(body)}`;
    return quoteExtra(body);
  }
  if (body.length <= 1024) return `2,${JSONStringify(bytesToLatin1(body))}`;
  return quoteExtra(sliceBuffer(body.buffer, body.byteOffset, body.byteOffset + body.byteLength));
}

/** @param {string | ArrayBuffer} extra */
function quoteExtra(extra) {
  // A callback throws at certain argument counts of 255 and more (measurements, pitfall P1).
  if (outExtras.length >= 100) flush();
  outExtras[outExtras.length] = extra;
  return `3,${outExtras.length - 1}`;
}

/**
 * @param {string} level
 * @param {string} text
 */
function pushLog(level, text) {
  push(`3,${JSONStringify(level)},${JSONStringify(text.length > 8192 ? `${text.slice(0, 8192)}…` : text)}`);
}

/**
 * @param {number} id
 * @param {number} delayMs
 * @param {number} ownerId
 * @param {number} newestId
 */
function pushTimer(id, delayMs, ownerId, newestId) {
  push(`4,${id},${delayMs},${ownerId},${newestId}`);
}

/** @param {number} id */
function pushTimerClear(id) {
  push(`5,${id}`);
}

/** @param {Record<string, string | string[]>} headers */
function quoteHeaders(headers) {
  let text = '';
  const names = ObjectKeys(headers);
  for (let index = 0; index < names.length; index += 1) {
    const name = /** @type {string} */ (names[index]);
    const value = headers[name];
    const values = ArrayIsArray(value) ? value : [value];
    for (let at = 0; at < values.length; at += 1)
      text += `${text === '' ? '' : ','}${JSONStringify(name)},${JSONStringify(`${values[at]}`)}`;
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
    } else message = `The handler threw ${inspect(error)}`;
  } catch {
    // The error's own getters threw; the neutral message stands.
  }
  push(
    `1,${id},${tails},${JSONStringify(code)},${JSONStringify(message.slice(0, 2048))},${JSONStringify(stack.slice(0, 8192))}`,
  );
}
