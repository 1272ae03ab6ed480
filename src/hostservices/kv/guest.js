// @ts-check
// The KV bucket as a handler sees it. Runs inside the isolate, after the runtime's guest scripts.

class KvEntry {
  #payload;
  /** @type {string} */
  key;
  /** @type {number} */
  revision;
  /** @type {string} */
  operation;
  /** @type {number} */
  #createdMs;
  /**
   * @param {string} key
   * @param {number} revision
   * @param {number} createdMs
   * @param {string} operation
   * @param {GuestPayload} payload
   */
  constructor(key, revision, createdMs, operation, payload) {
    this.key = key;
    this.revision = revision;
    this.operation = operation;
    this.#createdMs = createdMs;
    this.#payload = payload;
  }
  get created() {
    return new Date(this.#createdMs);
  }
  get value() {
    return payloadBytes(this.#payload);
  }
  text() {
    return payloadText(this.#payload);
  }
  json() {
    return JSONParse(payloadText(this.#payload));
  }
}

class KvWatchEntry extends KvEntry {
  /** @type {boolean} */
  isUpdate;
  /**
   * @param {unknown} found
   * @param {GuestPayload} payload
   */
  constructor(found, payload) {
    const [key, revision, createdMs, operation, isUpdate] =
      /** @type {[string, number, number, string, number]} */ (found);
    super(key, revision, createdMs, operation, payload);
    this.isUpdate = isUpdate === 1;
  }
}

/**
 * @param {string} key
 * @param {unknown} found revision and time of creation, or null
 * @param {GuestPayload} payload
 */
function toEntry(key, found, payload) {
  if (found === null) return null;
  const [revision, createdMs] = /** @type {[number, number]} */ (found);
  return new KvEntry(key, revision, createdMs, 'PUT', payload);
}

/**
 * @param {string} key
 * @param {unknown} found per entry its revision, time of creation, operation and length
 * @param {GuestPayload} payload all values, one after the other
 */
function toEntries(key, found, payload) {
  const rows = /** @type {[number, number, string, number][]} */ (found);
  const { buffer } = payloadBytes(payload);
  const entries = [];
  let at = 0;
  for (const [revision, createdMs, operation, length] of rows) {
    const value = sliceBuffer(buffer, at, at + length);
    at += length;
    entries[entries.length] = new KvEntry(key, revision, createdMs, operation, { kind: 3, value });
  }
  return entries;
}

/** @param {unknown} value */
const asIs = (value) => value;

/**
 * @param {(string | number)[]} args
 * @param {string | number | undefined} last
 */
const withOptional = (args, last) => (last === undefined ? args : [...args, last]);

services['kv'] = (call) => ({
  /**
   * @param {string} key
   * @param {{ revision?: number }} options
   */
  get(key, options = {}) {
    return call('get', withOptional([key], options.revision), undefined, (found, payload) =>
      toEntry(`${key}`, found, payload),
    );
  },
  /** @param {string} key */
  history(key) {
    return call('history', [key], undefined, (found, payload) => toEntries(`${key}`, found, payload));
  },
  /**
   * @param {string} [filter]
   * @param {{ include?: string, ignoreDeletes?: boolean }} options
   */
  watch(filter, { include = '', ignoreDeletes = false } = {}) {
    return iterateHandle(
      call,
      call('watch', withOptional([include, ignoreDeletes ? 1 : 0], filter), undefined, asIs),
      (found, payload) => new KvWatchEntry(found, payload),
    );
  },
  /**
   * @param {string} key
   * @param {unknown} value
   * @param {{ ttlMs?: number }} options
   */
  put(key, value, options = {}) {
    return call('put', withOptional([key], options.ttlMs), value, asIs);
  },
  /**
   * @param {string} key
   * @param {unknown} value
   * @param {{ ttlMs?: number }} options
   */
  create(key, value, options = {}) {
    return call('create', withOptional([key], options.ttlMs), value, asIs);
  },
  /**
   * @param {string} key
   * @param {unknown} value
   * @param {number} revision
   * @param {{ ttlMs?: number }} options
   */
  update(key, value, revision, options = {}) {
    return call('update', withOptional([key, revision], options.ttlMs), value, asIs);
  },
  /**
   * @param {string} key
   * @param {{ revision?: number }} options
   */
  delete(key, options = {}) {
    return call('delete', withOptional([key], options.revision), undefined, () => undefined);
  },
  /**
   * @param {string} key
   * @param {{ revision?: number }} options
   */
  purge(key, options = {}) {
    return call('purge', withOptional([key], options.revision), undefined, () => undefined);
  },
  /** @param {string} prefix */
  keys(prefix = '') {
    return call('keys', [prefix], undefined, asIs);
  },
});
