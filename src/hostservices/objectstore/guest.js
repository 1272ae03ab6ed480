// @ts-check
// The object store as a handler sees it. Runs inside the isolate, after the runtime's guest scripts.

/** How much of a piece goes to the host at once. */
const OBJECT_PIECE_BYTES = 256 * 1024;

/** @param {any} found */
function objectInfo(found) {
  if (found === null) return null;
  found.modified = new Date(found.modified);
  found.headers = new MessageHeaders(found.headers);
  return found;
}

/** @param {unknown} handle */
const objectHandle = (handle) => handle;
const objectNothing = () => undefined;

/**
 * @param {unknown} _value
 * @param {GuestPayload} payload
 */
const objectChunk = (_value, payload) => payloadBytes(payload);

class StoredObject {
  #call;
  /** @type {any} */
  #body;
  /** @type {any} */
  info;
  /**
   * @param {Parameters<ServiceFactory>[0]} call
   * @param {any} info
   */
  constructor(call, info) {
    this.#call = call;
    this.info = info;
  }
  /** @param {number} whole */
  #open(whole) {
    const { name, revision } = this.info;
    return this.#call('open', [name, revision, whole], undefined, objectHandle);
  }
  get body() {
    if (this.#body === undefined) {
      /** @type {AsyncIterator<unknown> | undefined} */
      let chunks;
      const { ReadableStream } = /** @type {any} */ (useFeature('streams'));
      this.#body = new ReadableStream(
        {
          pull: async (/** @type {any} */ controller) => {
            chunks ??= iterateHandle(this.#call, this.#open(0), objectChunk);
            const { done, value } = await chunks.next();
            if (done) controller.close();
            else controller.enqueue(value);
          },
          cancel: () => chunks?.return?.(),
        },
        { highWaterMark: 0 },
      );
    }
    return this.#body;
  }
  async bytes() {
    const opened = this.#open(1);
    await opened;
    const bytes = new NativeUint8Array(this.info.size);
    let at = 0;
    for await (const chunk of iterateHandle(this.#call, opened, objectChunk)) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }
  async text() {
    return decodeUtf8(await this.bytes(), false);
  }
  async json() {
    return JSONParse(await this.text());
  }
}

/**
 * @param {Parameters<ServiceFactory>[0]} call
 * @param {(string | number)[]} args
 * @param {AsyncIterable<unknown>} pieces
 */
async function putPieces(call, args, pieces) {
  const handle = /** @type {number} */ (await call('create', args, undefined, objectHandle));
  try {
    for await (const piece of pieces) {
      if (!(ArrayBufferIsView(piece) || piece instanceof NativeArrayBuffer))
        throw new TypeError('A piece of an object is bytes');
      const bytes = /** @type {Uint8Array} */ (toBody(piece));
      for (let at = 0; at < bytes.length; at += OBJECT_PIECE_BYTES)
        await call('write', [handle], bytes.subarray(at, at + OBJECT_PIECE_BYTES), objectNothing);
    }
  } catch (error) {
    await promiseThen(call('close', [handle], undefined, objectNothing), objectNothing, objectNothing);
    throw error;
  }
  return call('finish', [handle], undefined, objectInfo);
}

services['objectstore'] = (call) => ({
  /** @param {string} name */
  async get(name) {
    const info = await call('get', [name], undefined, objectInfo);
    return info === null ? null : new StoredObject(call, info);
  },
  /** @param {string} name */
  info(name) {
    return call('info', [name], undefined, objectInfo);
  },
  /**
   * @param {string} name
   * @param {any} value
   * @param {object} options
   */
  put(name, value, options = {}) {
    const args = [name, JSONStringify(options)];
    return typeof value?.[Symbol.asyncIterator] === 'function'
      ? putPieces(call, args, value)
      : call('put', args, value, objectInfo);
  },
  list(prefix = '') {
    return call('list', [prefix], undefined, (found) => /** @type {unknown[]} */ (found).map(objectInfo));
  },
  /** @param {string} name */
  delete(name) {
    return call('delete', [name], undefined, objectNothing);
  },
  /**
   * @param {string} name
   * @param {any} target
   */
  link(name, target) {
    const args = typeof target === 'string' ? [name, target] : [name, target.name, target.bucket];
    return call('link', args, undefined, objectInfo);
  },
  watch({ existing = false } = {}) {
    return iterateHandle(call, call('watch', [existing ? 1 : 0], undefined, objectHandle), objectInfo);
  },
});
