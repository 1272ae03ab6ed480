import { HairspringError, type HostCaller, TRACE_HEADERS, traceHeaderPairs } from '../../core/index.ts';
import { HTTP_LIMITS } from './limits.ts';

/** Headers of a request by their lower-case names. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** Headers that belong to the connection; what a function says of them is dropped, as browsers do. */
const OWN_HEADERS = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Latin-1 without control characters. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Headers as the guest gives them: JSON of names and values in turn. The host adds its own.
 * @throws HS_HOST_CALL_INVALID, HS_HTTP_TOO_LARGE
 */
export function parseRequestHeaders(json: unknown): RequestHeaders {
  const fields = parseFields(json);
  const headers: Record<string, string> = Object.create(null);
  let bytes = 0;
  for (let at = 0; at < fields.length; at += 2) {
    const name = (fields[at] ?? '').toLowerCase();
    const value = fields[at + 1] ?? '';
    bytes += name.length + value.length;
    if (!NAME.test(name) || !VALUE.test(value))
      throw invalid(
        `header ${JSON.stringify(name.slice(0, 60))} has a name or a value that HTTP does not have`,
      );
    if (OWN_HEADERS.has(name) || name.startsWith('proxy-')) continue;
    const earlier = headers[name];
    headers[name] = earlier === undefined ? value : `${earlier}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  if (fields.length / 2 > HTTP_LIMITS.requestHeaders || bytes > HTTP_LIMITS.requestHeaderBytes)
    throw new HairspringError(
      'HS_HTTP_TOO_LARGE',
      `Cannot fetch: its ${fields.length / 2} headers have ${bytes} bytes, over the limit of ${HTTP_LIMITS.requestHeaders} headers and ${HTTP_LIMITS.requestHeaderBytes} bytes`,
    );
  headers['accept'] ??= '*/*';
  headers['accept-encoding'] = 'gzip, deflate, br';
  headers['user-agent'] ??= 'hairspring';
  return headers;
}

/** With the caller's place in its trace, unless the function has set one itself. */
export function withTrace(headers: RequestHeaders, caller: HostCaller): RequestHeaders {
  if (Object.hasOwn(headers, TRACE_HEADERS.traceparent)) return headers;
  return { ...headers, ...Object.fromEntries(traceHeaderPairs(caller)) };
}

function parseFields(json: unknown): readonly string[] {
  // Escapes make the JSON longer than what it says, at most six times.
  if (typeof json !== 'string' || json.length > 8 * HTTP_LIMITS.requestHeaderBytes)
    throw new HairspringError(
      'HS_HTTP_TOO_LARGE',
      `Cannot fetch: its headers are over the limit of ${HTTP_LIMITS.requestHeaderBytes} bytes`,
    );
  const fields = parseJson(json);
  const isList = Array.isArray(fields) && fields.length % 2 === 0;
  if (isList && fields.every((field) => typeof field === 'string')) return fields;
  throw invalid('its headers are not names and values');
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw invalid('its headers are not JSON');
  }
}

function invalid(reason: string): HairspringError {
  return new HairspringError('HS_HOST_CALL_INVALID', `Cannot fetch: ${reason}`);
}

const BODY_HEADERS = ['content-encoding', 'content-language', 'content-location', 'content-type'];
/** What a function tells one origin is not told to another. */
const CREDENTIAL_HEADERS = ['authorization', 'cookie'];

/** The headers of the request that follows a redirect. */
export function redirectHeaders(
  headers: RequestHeaders,
  change: { readonly dropsBody: boolean; readonly leavesOrigin: boolean },
): RequestHeaders {
  const dropped = new Set([
    ...(change.dropsBody ? BODY_HEADERS : []),
    ...(change.leavesOrigin ? CREDENTIAL_HEADERS : []),
  ]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}
