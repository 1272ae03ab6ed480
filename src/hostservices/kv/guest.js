// @ts-check
// The KV bucket as a handler sees it. Runs inside the isolate, after the runtime's guest scripts.

class KvEntry {
  #payload;
  /** @type {string} */
  key;
  /** @type {number} */
  revision;
  /** @type {number} */
  #createdMs;
  /**
   * @param {string} key
   * @param {number} revision
   * @param {number} createdMs
   * @param {GuestPayload} payload
   */
  constructor(key, revision, createdMs, payload) {
    this.key = key;
    this.revision = revision;
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

/**
 * @param {string} key
 * @param {unknown} found revision and time of creation, or null
 * @param {GuestPayload} payload
 */
function toEntry(key, found, payload) {
  if (found === null) return null;
  const [revision, createdMs] = /** @type {[number, number]} */ (found);
  return new KvEntry(key, revision, createdMs, payload);
}

/** @param {unknown} value */
const asIs = (value) => value;

services['kv'] = (call) => ({
  /** @param {string} key */
  get(key) {
    return call('get', [key], undefined, (found, payload) => toEntry(`${key}`, found, payload));
  },
  /**
   * @param {string} key
   * @param {unknown} value
   */
  put(key, value) {
    return call('put', [key], value, asIs);
  },
  /**
   * @param {string} key
   * @param {unknown} value
   */
  create(key, value) {
    return call('create', [key], value, asIs);
  },
  /**
   * @param {string} key
   * @param {unknown} value
   * @param {number} revision
   */
  update(key, value, revision) {
    return call('update', [key, revision], value, asIs);
  },
  /**
   * @param {string} key
   * @param {{ revision?: number }} options
   */
  delete(key, options = {}) {
    const { revision } = options;
    return call('delete', revision === undefined ? [key] : [key, revision], undefined, () => undefined);
  },
  /** @param {string} prefix */
  keys(prefix = '') {
    return call('keys', [prefix], undefined, asIs);
  },
});
