import { randomFillSync } from 'node:crypto';
import { DIGEST_OPERATIONS } from './door-digest.ts';

/** What crosses the door, either way; `null` has a meaning of its own (../guest/host.js). */
export type DoorValue = string | number | boolean | ArrayBuffer | undefined;

type DoorOperation = (first: unknown, second: unknown, third: unknown) => DoorValue;

/** Web Crypto's own bound. https://www.w3.org/TR/WebCryptoAPI/#Crypto-method-getRandomValues */
const MAX_RANDOM_BYTES = 65_536;
/** Longest text given to the URL parser: more than any URL has, a big `data:` URL included. */
const MAX_URL_CHARS = 2 * 1024 ** 2;
const URL_PARTS = [
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
] as const;
/** Steps of the guest's clock in milliseconds, as High Resolution Time has them. V8's own `Temporal` has finer ones (SECURITY.md). */
const CLOCK_STEP_MS = 0.1;

/**
 * What the host computes for a guest at once and from the arguments alone. Whatever the guest gives comes
 * as it is: each operation checks, bounds what it takes, and answers `undefined` to what it does not.
 */
const OPERATIONS: Readonly<Record<string, DoorOperation>> = {
  ...DIGEST_OPERATIONS,
  now: () => Math.floor(performance.now() / CLOCK_STEP_MS) * CLOCK_STEP_MS,
  'time-origin': () => Math.floor(performance.timeOrigin / CLOCK_STEP_MS) * CLOCK_STEP_MS,
  random(bytes) {
    if (typeof bytes !== 'number' || !Number.isInteger(bytes) || bytes < 0 || bytes > MAX_RANDOM_BYTES)
      return undefined;
    return randomFillSync(new Uint8Array(bytes)).buffer;
  },
  'url-parse'(url, base) {
    if (!isText(url) || !(base === undefined || isText(base))) return undefined;
    return URL.parse(url, base)?.href;
  },
  'url-set'(href, part, value) {
    if (!isText(href) || !isText(value)) return undefined;
    const url = URL.parse(href);
    const settable = URL_PARTS.find((each) => each === part);
    if (url === null || settable === undefined) return undefined;
    url[settable] = value;
    return url.href;
  },
};

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_URL_CHARS;
}

/** Never throws: the guest would see the error. */
export function openDoor(op: unknown, first: unknown, second: unknown, third: unknown): DoorValue {
  if (typeof op !== 'string' || !Object.hasOwn(OPERATIONS, op)) return undefined;
  try {
    return OPERATIONS[op]?.(first, second, third);
  } catch {
    return undefined;
  }
}
