import { type HostCallResult, nodeUtil } from '../../core/index.ts';
import { describeKey } from './keys.ts';
import type { CryptoResult } from './operations.ts';

/**
 * What the guest is told of a result: the value of the request's form, with bytes as
 * `{"bytes":[offset,length]}` of the data beside it, and keys as `{"key":[…],"bytes":[…]}`.
 */
export function toReply(result: CryptoResult): HostCallResult {
  const parts: Uint8Array[] = [];
  let length = 0;
  const addBytes = (bytes: Uint8Array): readonly [number, number] => {
    parts.push(bytes);
    length += bytes.length;
    return [length - bytes.length, bytes.length];
  };
  const encode = (value: unknown): unknown => {
    if (value instanceof ArrayBuffer) return { bytes: addBytes(new Uint8Array(value)) };
    if (value instanceof Uint8Array) return { bytes: addBytes(value) };
    if (nodeUtil().types.isCryptoKey(value)) {
      const { type, extractable, algorithm, usages, material } = describeKey(value);
      return { key: [type, extractable, encode(algorithm), usages], bytes: addBytes(material) };
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, encode(member)]));
  };
  const value = encode(result);
  return { value, data: parts.length === 1 ? parts[0] : Buffer.concat(parts, length) };
}

/** The errors that Web Crypto has, by the names that its algorithms give them. */
const ERROR_NAMES: ReadonlySet<string> = new Set([
  'DataError',
  'InvalidAccessError',
  'NotSupportedError',
  'OperationError',
  'QuotaExceededError',
  'SyntaxError',
]);

/**
 * What the guest is told of an operation that failed: the name of the error, and the text only of those
 * that the checks of Node word themselves. What OpenSSL says stays here.
 */
export function toFailure(error: unknown): HostCallResult {
  if (error instanceof TypeError)
    return { value: { error: ['TypeError', 'The arguments are not of their types'] } };
  const name = error instanceof DOMException && ERROR_NAMES.has(error.name) ? error.name : 'OperationError';
  const worded = error instanceof DOMException && error.name === name && error.cause === undefined;
  const message =
    worded && name !== 'OperationError' ? error.message.slice(0, 200) : 'The operation could not be done';
  return { value: { error: [name, message] } };
}
