import { HairspringError } from '../../core/index.ts';
import type { KeyAlgorithm, KeyDescription } from './keys.ts';
import { CRYPTO_LIMITS } from './limits.ts';

/** An algorithm with the parameters of one operation: numbers, texts, bytes, a hash, another party's key. */
export interface GivenAlgorithm {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, number | string | Uint8Array | KeyAlgorithm | KeyDescription>;
}

export interface RequestReader {
  text(): string;
  flag(): boolean;
  /** Up to 2^32 - 1, or null. */
  integerOrNull(): number | null;
  texts(): string[];
  bytes(): Uint8Array;
  /** No more of them than a key may have. */
  keyBytes(): Uint8Array;
  key(): KeyDescription;
  algorithm(): GivenAlgorithm;
  /** A JSON Web Key, or bytes. */
  keyData(): Uint8Array | Record<string, unknown>;
}

const MAX_NAME_CHARS = 64;
const MAX_TEXTS = 16;
const MAX_MEMBERS = 24;
const MAX_UINT32 = 2 ** 32 - 1;

function invalid(detail: string): HairspringError {
  return new HairspringError('HS_HOST_CALL_INVALID', `Cannot read a crypto request: ${detail}`);
}

/**
 * Reads the arguments of one operation, in their order, from what the guest sent: a JSON array, in which
 * bytes are `{"bytes":[offset,length]}` of the payload. Nothing but what has the form asked for passes.
 * @throws HS_HOST_CALL_INVALID, HS_CRYPTO_LIMIT
 */
export function readRequest(json: unknown, payload: string | Uint8Array | undefined): RequestReader {
  const blob = typeof payload === 'string' ? Buffer.from(payload) : (payload ?? new Uint8Array(0));
  checkSize('its data', blob.length, CRYPTO_LIMITS.requestBytes);
  const fields = parseFields(json);
  let at = 0;
  const bytesAt = (value: unknown): Uint8Array => {
    if (!isRecord(value) || !Array.isArray(value['bytes'])) throw invalid('bytes are missing');
    const [offset, length]: unknown[] = value['bytes'];
    if (!isIndex(offset) || !isIndex(length) || offset + length > blob.length)
      throw invalid('bytes are outside of the payload');
    return blob.subarray(offset, offset + length);
  };
  const keyBytesAt = (value: unknown): Uint8Array => {
    const bytes = bytesAt(value);
    checkSize('a key', bytes.length, CRYPTO_LIMITS.keyBytes);
    return bytes;
  };
  const keyAt = (value: unknown): KeyDescription => {
    if (!isRecord(value) || !Array.isArray(value['key'])) throw invalid('a key is missing');
    const [type, extractable, algorithm, usages]: unknown[] = value['key'];
    if (type !== 'secret' && type !== 'public' && type !== 'private')
      throw invalid('a key has no known type');
    if (typeof extractable !== 'boolean') throw invalid('a key has no flag');
    if (!isTexts(usages)) throw invalid("a key's usages are no texts");
    return { type, extractable, algorithm: keyAlgorithm(algorithm), usages, material: keyBytesAt(value) };
  };
  const algorithmAt = (value: unknown): GivenAlgorithm => {
    if (!isRecord(value) || !isName(value['name'])) throw invalid('an algorithm has no name');
    const parameters = new Map<string, number | string | Uint8Array | KeyAlgorithm | KeyDescription>();
    for (const [member, given] of Object.entries(value).slice(0, MAX_MEMBERS)) {
      if (member === 'name') continue;
      if (isUint32(given) || isName(given)) parameters.set(member, given);
      else if (member === 'public') parameters.set(member, keyAt(given));
      else if (member === 'hash') parameters.set(member, hashAt(given));
      else parameters.set(member, bytesAt(given));
    }
    return { name: value['name'], parameters };
  };
  /** A hash may have parameters of its own, but none that is used with one has. */
  const hashAt = (value: unknown): KeyAlgorithm => {
    if (!isRecord(value) || !isName(value['name'])) throw invalid('a hash has no name');
    return { name: value['name'] };
  };
  const next = (): unknown => fields[at++];
  return {
    text() {
      const value = next();
      if (!isName(value)) throw invalid('a text is missing');
      return value;
    },
    flag() {
      const value = next();
      if (typeof value !== 'boolean') throw invalid('a flag is missing');
      return value;
    },
    integerOrNull() {
      const value = next();
      if (value !== null && !isUint32(value)) throw invalid('a length is no integer');
      return value;
    },
    texts() {
      const value = next();
      if (!isTexts(value)) throw invalid('usages are no texts');
      return value;
    },
    bytes: () => bytesAt(next()),
    keyBytes: () => keyBytesAt(next()),
    key: () => keyAt(next()),
    algorithm: () => algorithmAt(next()),
    keyData() {
      const value = next();
      if (!isRecord(value)) throw invalid('the key data are missing');
      return Array.isArray(value['bytes']) ? keyBytesAt(value) : value;
    },
  };
}

function parseFields(json: unknown): readonly unknown[] {
  if (typeof json !== 'string') throw invalid('it is no text');
  checkSize('its description', json.length, CRYPTO_LIMITS.requestChars);
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw invalid('it is not JSON');
  }
  if (!Array.isArray(parsed)) throw invalid('it is no array');
  return parsed;
}

/** The algorithm of a key: a name, and of the members that a key may have those that are there. */
function keyAlgorithm(value: unknown): KeyAlgorithm {
  if (!isRecord(value) || !isName(value['name'])) throw invalid("a key's algorithm has no name");
  const { name, namedCurve, length, hash } = value;
  return {
    name,
    ...(isName(namedCurve) ? { namedCurve } : {}),
    ...(isUint32(length) ? { length } : {}),
    ...(isRecord(hash) && isName(hash['name']) ? { hash: { name: hash['name'] } } : {}),
  };
}

function checkSize(what: string, size: number, limit: number): void {
  if (size <= limit) return;
  throw new HairspringError(
    'HS_CRYPTO_LIMIT',
    `Cannot take a crypto request: ${what} of ${size} bytes is over the limit of ${limit}`,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME_CHARS;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_TEXTS && value.every(isName);
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isUint32(value: unknown): value is number {
  return isIndex(value) && value <= MAX_UINT32;
}
