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

services['kv'] = (_label, call) => ({
  /** @param {string} key */
  async get(key) {
    const { value, payload } = await call('get', [key]);
    if (value === null) return null;
    const [revision, createdMs] = /** @type {[number, number]} */ (value);
    return new KvEntry(key, revision, createdMs, payload);
  },
  /**
   * @param {string} key
   * @param {unknown} value
   */
  async put(key, value) {
    return (await call('put', [key], value)).value;
  },
  /**
   * @param {string} key
   * @param {unknown} value
   */
  async create(key, value) {
    return (await call('create', [key], value)).value;
  },
  /**
   * @param {string} key
   * @param {unknown} value
   * @param {number} revision
   */
  async update(key, value, revision) {
    return (await call('update', [key, revision], value)).value;
  },
  /**
   * @param {string} key
   * @param {{ revision?: number }} options
   */
  async delete(key, options = {}) {
    await call('delete', options.revision === undefined ? [key] : [key, options.revision]);
  },
  /** @param {string} prefix */
  async keys(prefix = '') {
    return (await call('keys', [prefix])).value;
  },
});
