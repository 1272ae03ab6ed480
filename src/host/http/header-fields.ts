import { HairspringError, type HeaderPairs } from '../../core/index.ts';
import { GATEWAY_LIMITS } from './limits.ts';

/** Fields that are of a connection and not of a message (RFC 9110, 7.6.1), or that only its two ends can know. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
/** What Node writes as it is: Latin-1 without control characters. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The fields of a request that a function sees, names in lower case. Names that speak for Hairspring or NATS are not
 * among them: a client must not set a deadline or the depth of a call.
 * @throws HS_GATEWAY_HEADERS
 */
export function requestFields(rawHeaders: readonly string[]): HeaderPairs {
  if (rawHeaders.length > 2 * GATEWAY_LIMITS.headers) {
    const message = `Cannot take the request: it has more than ${GATEWAY_LIMITS.headers} headers`;
    throw new HairspringError('HS_GATEWAY_HEADERS', message);
  }
  const listed = namesInConnection(rawHeaders);
  const fields: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (OF_CONNECTION.has(name) || listed.has(name) || speaksForUs(name)) continue;
    fields.push([name, rawHeaders[at + 1] ?? '']);
  }
  return fields;
}

/**
 * The fields of a response that a client sees, names and values in turn; the length is the gateway's to tell.
 * @throws HS_FUNCTION_NO_REPLY when one is none that can be sent
 */
export function responseFields(headers: readonly string[]): string[] {
  const listed = namesInConnection(headers);
  const fields: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    const lower = name.toLowerCase();
    if (!NAME.test(name) || !VALUE.test(value))
      throw new HairspringError(
        'HS_FUNCTION_NO_REPLY',
        'Cannot send the response: one of its headers is not valid',
      );
    if (OF_CONNECTION.has(lower) || listed.has(lower) || speaksForUs(lower)) continue;
    if (lower === 'content-length') continue;
    fields.push(name, value);
  }
  return fields;
}

function speaksForUs(name: string): boolean {
  return name.startsWith('hairspring-') || name.startsWith('nats-');
}

function namesInConnection(headers: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() !== 'connection') continue;
    for (const name of (headers[at + 1] ?? '').split(',')) names.add(name.trim().toLowerCase());
  }
  // Whatever a client says of these, they are of the message.
  for (const name of ['host', 'content-type', 'content-length', 'authorization', 'cookie'])
    names.delete(name);
  return names;
}
