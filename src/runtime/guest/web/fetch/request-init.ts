/** The members of a `RequestInit` that are words, and what each may be. */
import { toEnum, toUsvString } from '../shared/idl.ts';
import { parseUrl } from './features.ts';

const ENUMS = {
  cache: ['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached'],
  credentials: ['omit', 'same-origin', 'include'],
  mode: ['navigate', 'same-origin', 'no-cors', 'cors'],
  priority: ['high', 'low', 'auto'],
  redirect: ['follow', 'error', 'manual'],
  referrerPolicy: [
    '',
    'no-referrer',
    'no-referrer-when-downgrade',
    'same-origin',
    'origin',
    'strict-origin',
    'origin-when-cross-origin',
    'strict-origin-when-cross-origin',
    'unsafe-url',
  ],
} as const;

/** What a request says beside its method, URL, headers and body; most of it means something to browsers only. */
export interface RequestWords {
  readonly cache: string;
  readonly credentials: string;
  readonly integrity: string;
  readonly keepalive: boolean;
  readonly mode: string;
  readonly redirect: string;
  readonly referrer: string;
  readonly referrerPolicy: string;
}

export const DEFAULT_WORDS: RequestWords = {
  cache: 'default',
  credentials: 'same-origin',
  integrity: '',
  keepalive: false,
  mode: 'cors',
  redirect: 'follow',
  referrer: 'about:client',
  referrerPolicy: '',
};

/** @throws TypeError */
export function readWords(init: Record<string, unknown>, earlier: RequestWords): RequestWords {
  const word = (name: keyof typeof ENUMS & keyof RequestWords): string => {
    const value = init[name];
    return value === undefined ? earlier[name] : toEnum(value, ENUMS[name], name);
  };
  const { window, priority, duplex, referrer, integrity, keepalive } = init;
  if (window !== undefined && window !== null) throw new TypeError('window can be null only');
  if (priority !== undefined) toEnum(priority, ENUMS.priority, 'priority');
  if (duplex !== undefined) toEnum(duplex, ['half'], 'duplex');
  const mode = word('mode');
  if (mode === 'navigate') throw new TypeError('mode "navigate" is for browsers');
  const cache = word('cache');
  if (cache === 'only-if-cached' && mode !== 'same-origin')
    throw new TypeError('cache "only-if-cached" needs mode "same-origin"');
  return {
    mode,
    cache,
    credentials: word('credentials'),
    redirect: word('redirect'),
    referrerPolicy: word('referrerPolicy'),
    referrer: referrer === undefined ? earlier.referrer : readReferrer(toUsvString(referrer)),
    integrity: integrity === undefined ? earlier.integrity : `${integrity}`,
    keepalive: keepalive === undefined ? earlier.keepalive : Boolean(keepalive),
  };
}

function readReferrer(text: string): string {
  if (text === '') return '';
  const url = parseUrl(text);
  const location: unknown = Reflect.get(globalThis, 'location');
  const isForeign = location === undefined || url.origin !== parseUrl(`${location}`).origin;
  return isForeign || url.href === 'about:client' ? 'about:client' : url.href;
}

const NORMALIZED = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];
const FORBIDDEN = ['CONNECT', 'TRACE', 'TRACK'];

/** @throws TypeError */
export function readMethod(value: unknown): string {
  const method = `${value}`;
  const upper = method.toUpperCase();
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method) || FORBIDDEN.includes(upper))
    throw new TypeError(`"${method}" is not a method to fetch with`);
  return NORMALIZED.includes(upper) ? upper : method;
}
