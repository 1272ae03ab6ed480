import { HairspringError, type HttpBinding } from '../../core/index.ts';
import { HTTP_LIMITS } from './limits.ts';
import { coversUrl, type HttpUrlPattern, parseUrlPattern } from './url-pattern.ts';

/** Methods that no grant covers; the Fetch standard forbids them too. */
const FORBIDDEN_METHODS = ['CONNECT', 'TRACE', 'TRACK'];

/** To send a request, its body and that of its response in pieces, and to give it up. */
export const HTTP_OPERATIONS = ['open', 'write', 'finish', 'next', 'rest', 'close'] as const;

export function isHttpOperation(op: string): op is (typeof HTTP_OPERATIONS)[number] {
  return HTTP_OPERATIONS.some((known) => known === op);
}

/** An http binding made ready to be asked. */
export interface HttpGrant {
  readonly label: string;
  readonly binding: HttpBinding;
  readonly patterns: readonly HttpUrlPattern[];
}

/** A pattern that cannot be parsed covers nothing: the deployment was checked before it was stored. */
export function createGrant(label: string, binding: HttpBinding): HttpGrant {
  const patterns = binding.urls.map(parseUrlPattern).filter((pattern) => typeof pattern !== 'string');
  return { label, binding, patterns };
}

/** Why a grant does not cover a request; `undefined` when it does. */
export function refusalOf(grant: HttpGrant, method: string, url: URL): string | undefined {
  const { label, binding, patterns } = grant;
  if (!patterns.some((pattern) => coversUrl(pattern, url)))
    return `binding ${label} grants ${binding.urls.join(', ')}`;
  if (binding.methods.length > 0 && !binding.methods.includes(method))
    return `binding ${label} grants the methods ${binding.methods.join(', ')}`;
  return undefined;
}

/** @throws HS_HOST_CALL_INVALID */
export function parseMethod(value: unknown): string {
  const isToken =
    typeof value === 'string' &&
    value.length <= HTTP_LIMITS.methodChars &&
    /^[A-Za-z!#$%&'*+.^_`|~0-9-]+$/.test(value);
  if (isToken && !FORBIDDEN_METHODS.includes(value.toUpperCase())) return value;
  throw new HairspringError('HS_HOST_CALL_INVALID', `Cannot fetch: ${quote(value)} is not a method`);
}

/** @throws HS_HOST_CALL_INVALID when it is no http or https URL, or carries a user or a password */
export function parseUrl(value: unknown): URL {
  const url = typeof value === 'string' && value.length <= HTTP_LIMITS.urlChars ? URL.parse(value) : null;
  const isFetchable = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
  if (isFetchable && url.username === '' && url.password === '' && url.hostname !== '') {
    url.hash = '';
    return url;
  }
  throw new HairspringError(
    'HS_HOST_CALL_INVALID',
    `Cannot fetch ${quote(value)}: it is not an http or https URL without user and password, of at most ${HTTP_LIMITS.urlChars} characters`,
  );
}

/** A URL as messages show it: without its query, which may hold a secret. */
export function showUrl(url: URL): string {
  const text = `${url.origin}${url.pathname}`;
  return `"${text.length > 200 ? `${text.slice(0, 200)}…` : text}"`;
}

function quote(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, 100)}"` : typeof value;
}
