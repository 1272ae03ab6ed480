// @ts-check
// Captured built-ins, and text and bytes in the forms that cross to the host.

const ReflectApply = Reflect.apply;
const JSONParse = JSON.parse;
const JSONStringify = JSON.stringify;
const DateNow = Date.now;
const ObjectFreeze = Object.freeze;
const ObjectDefineProperty = Object.defineProperty;
const ObjectKeys = Object.keys;
const ObjectSetPrototypeOf = Object.setPrototypeOf;
const ArrayIsArray = Array.isArray;
const StringFromCharCode = String.fromCharCode;
const MathMax = Math.max;
const MathMin = Math.min;
const NativePromise = Promise;
const PromiseResolved = Promise.resolve();
const NativeArray = Array;
const NativeError = Error;
const NativeNumber = Number;
const NativeRangeError = RangeError;
const NativeUint8Array = Uint8Array;
const NativeArrayBuffer = ArrayBuffer;
const ArrayBufferIsView = ArrayBuffer.isView;
// Functions do not get it; modules that are functions themselves are run by it.
const NativeWebAssembly = /** @type {Record<string, unknown>} */ (globalThis)['WebAssembly'];

// Awaiting a promise asks for its constructor, which is not to be the guest's answer.
void ObjectDefineProperty(PromiseResolved, 'constructor', { value: NativePromise });

/**
 * A method as a plain function whose first argument is `this`. V8 inlines these, and later changes to
 * the prototype do not reach them.
 * @type {(method: Function) => any}
 */
const uncurry = Function.prototype.bind.bind(Function.prototype.call);
/** @type {(handler: Function, self: unknown, ...args: unknown[]) => unknown} */
const callFunction = uncurry(Function.prototype.call);
/** @type {<T>(promise: Promise<T>, onValue: (value: T) => unknown, onError?: (error: unknown) => unknown) => Promise<unknown>} */
const promiseThen = uncurry(Promise.prototype.then);
/** @type {(text: string, index: number) => number} */
const charCodeAt = uncurry(String.prototype.charCodeAt);
/** @type {(text: string, part: string) => boolean} */
const includesText = uncurry(String.prototype.includes);
/** @type {(text: string, start: number, end: number) => string} */
const stringSlice = uncurry(String.prototype.slice);
/** @type {(buffer: ArrayBufferLike, start: number, end: number) => ArrayBuffer} */
const sliceBuffer = uncurry(ArrayBuffer.prototype.slice);
/** @type {(buffer: ArrayBuffer) => number} */
const bufferBytes = uncurry(
  /** @type {() => number} */ (Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get),
);
/** @type {(bytes: Uint8Array) => ArrayBuffer} */
const bufferOf = uncurry(
  /** @type {() => ArrayBuffer} */ (
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'buffer')?.get
  ),
);

/** Payloads up to this many characters are quoted in the JSON; larger ones travel beside it. */
const INLINE_CHARS = 8192;

/**
 * A new context lacks `escape`-free UTF-8 conversion, so these two are written out.
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
function encodeUtf8(text) {
  const length = text.length;
  let bytes = new NativeUint8Array(length);
  let at = 0;
  for (; at < length; at += 1) {
    const code = charCodeAt(text, at);
    if (code > 0x7f) break;
    bytes[at] = code;
  }
  if (at === length) return bytes;
  const grown = new NativeUint8Array(at + (length - at) * 3);
  for (let index = 0; index < at; index += 1) grown[index] = /** @type {number} */ (bytes[index]);
  bytes = grown;
  let end = at;
  for (let index = at; index < length; index += 1) {
    let code = charCodeAt(text, index);
    if (code >= 0xd800 && code <= 0xdfff) {
      const next = index + 1 < length ? charCodeAt(text, index + 1) : 0;
      if (code < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
        code = 0x10000 + ((code - 0xd800) << 10) + (next - 0xdc00);
        index += 1;
      } else code = 0xfffd;
    }
    if (code < 0x80) bytes[end++] = code;
    else if (code < 0x800) {
      bytes[end++] = 0xc0 | (code >> 6);
      bytes[end++] = 0x80 | (code & 0x3f);
    } else if (code < 0x10000) {
      bytes[end++] = 0xe0 | (code >> 12);
      bytes[end++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[end++] = 0x80 | (code & 0x3f);
    } else {
      bytes[end++] = 0xf0 | (code >> 18);
      bytes[end++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[end++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[end++] = 0x80 | (code & 0x3f);
    }
  }
  return new NativeUint8Array(sliceBuffer(bytes.buffer, 0, end));
}

/**
 * UTF-8 to text with U+FFFD for what is not UTF-8, as the Encoding standard's decoder does.
 * @param {Uint8Array} bytes
 * @param {boolean} fatal
 */
function decodeUtf8(bytes, fatal) {
  const length = bytes.length;
  let text = '';
  let codes = [];
  let index = 0;
  while (index < length) {
    const first = /** @type {number} */ (bytes[index]);
    let code = first;
    index += 1;
    if (first > 0x7f) {
      const need =
        first >= 0xc2 && first <= 0xdf
          ? 1
          : first >= 0xe0 && first <= 0xef
            ? 2
            : first >= 0xf0 && first <= 0xf4
              ? 3
              : 0;
      code = need === 1 ? first & 0x1f : need === 2 ? first & 0x0f : first & 0x07;
      let lower = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
      let upper = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
      let missing = need;
      while (missing > 0 && index < length) {
        const next = /** @type {number} */ (bytes[index]);
        if (next < lower || next > upper) break;
        lower = 0x80;
        upper = 0xbf;
        code = (code << 6) | (next & 0x3f);
        index += 1;
        missing -= 1;
      }
      if (need === 0 || missing > 0) {
        if (fatal) throw new TypeError('The bytes are not valid UTF-8');
        code = 0xfffd;
      }
    }
    if (code > 0xffff) {
      codes[codes.length] = 0xd800 + ((code - 0x10000) >> 10);
      codes[codes.length] = 0xdc00 + ((code - 0x10000) & 0x3ff);
    } else codes[codes.length] = code;
    if (codes.length > 8000) {
      text += ReflectApply(StringFromCharCode, undefined, codes);
      codes = [];
    }
  }
  return text + ReflectApply(StringFromCharCode, undefined, codes);
}

/** @param {string} latin1 */
function latin1ToBytes(latin1) {
  const bytes = new NativeUint8Array(latin1.length);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = charCodeAt(latin1, index);
  return bytes;
}

/**
 * A few bytes as a JSON text of Latin-1 characters. Quoted by what quotes, whatever the bytes look like: they may be
 * none, and setters on Array.prototype reach the list.
 * @param {Uint8Array} bytes
 */
function quoteLatin1(bytes) {
  const { length } = bytes;
  const codes = new NativeArray(length);
  for (let index = 0; index < length; index += 1) codes[index] = bytes[index];
  return JSONStringify(ReflectApply(StringFromCharCode, undefined, codes));
}

/**
 * @param {GuestPayload} payload
 * @returns {string}
 */
function payloadText(payload) {
  if (payload.kind === 0) return '';
  if (payload.kind === 1) return /** @type {string} */ (payload.value);
  return decodeUtf8(payloadBytes(payload), false);
}

/**
 * @param {GuestPayload} payload
 * @returns {Uint8Array}
 */
function payloadBytes(payload) {
  if (payload.kind === 0) return new NativeUint8Array(0);
  if (payload.kind === 1) return encodeUtf8(/** @type {string} */ (payload.value));
  if (payload.kind === 2) return latin1ToBytes(/** @type {string} */ (payload.value));
  return new NativeUint8Array(/** @type {ArrayBuffer} */ (payload.value));
}

/**
 * What a handler or a host call may send, as text or bytes; a JSON value otherwise.
 * @param {unknown} value
 * @returns {string | Uint8Array | undefined}
 */
function toBody(value) {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (value instanceof NativeUint8Array) return value;
  if (value instanceof NativeArrayBuffer) return new NativeUint8Array(value);
  if (ArrayBufferIsView(value)) return new NativeUint8Array(value.buffer, value.byteOffset, value.byteLength);
  const json = JSONStringify(value);
  if (typeof json !== 'string')
    throw new TypeError(`A ${typeof value} cannot be sent; return a string, bytes or a JSON value`);
  return json;
}
