import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { HairspringError, routeSegments } from '../../core/index.ts';

/** Where a request wants to go. */
export interface RequestTarget {
  /** As in the Host header, without the port, in lower case. */
  readonly hostname: string;
  /** Absolute, in its canonical form. */
  readonly url: string;
  /** Of the path in its canonical form. */
  readonly segments: readonly string[];
}

const HOST = /^(?<name>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?<port>:[1-9]\d{0,4})?$/;
const UNRESERVED = /[A-Za-z0-9._~-]/;

/**
 * Reads host and path of a request. What different parsers take for different paths is refused: a function, or
 * whoever stands before this node, must not see another path than the one that was routed.
 * @throws HS_GATEWAY_REQUEST_INVALID
 */
export function readTarget({
  url = '',
  rawHeaders,
}: Pick<IncomingMessage, 'url' | 'rawHeaders'>): RequestTarget {
  const { hostname, host } = readHost(rawHeaders);
  if (!url.startsWith('/')) throw invalid('its target is not a path; a proxy is asked otherwise');
  if (!/^[\x21-\x7e]+$/.test(url) || url.includes('#') || url.includes('\\'))
    throw invalid('its target has a character that is to be percent-encoded');
  const query = url.indexOf('?');
  const path = canonicalPath(query === -1 ? url : url.slice(0, query));
  const href = URL.parse(`http://${host}${path}${query === -1 ? '' : url.slice(query)}`);
  if (href === null) throw invalid('its target is none of a URL');
  const segments = routeSegments(href.pathname);
  return { hostname, url: href.href, segments };
}

function readHost(rawHeaders: readonly string[]): { readonly hostname: string; readonly host: string } {
  const values = rawHeaders.filter(
    (_value, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host',
  );
  const host = values[0]?.toLowerCase() ?? '';
  if (values.length !== 1) throw invalid(`it has ${values.length} Host headers`);
  const { name = '', port = '' } = HOST.exec(host)?.groups ?? {};
  const isAddress = name.startsWith('[') && isIP(name.slice(1, -1)) === 6;
  if (name === '' || (name.startsWith('[') && !isAddress) || Number(port.slice(1)) > 65_535)
    throw invalid('its Host header is not a host');
  return { hostname: isAddress ? name.slice(1, -1) : name, host };
}

/** Letters and digits that are encoded for no reason decoded (RFC 3986, 6.2.2.2); dots and slashes in disguise refused. */
function canonicalPath(path: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) throw invalid('its path has a "%" that encodes nothing');
  const canonical = path.replaceAll(/%([0-9A-Fa-f]{2})/g, (encoded, hex: string) => {
    const code = Number.parseInt(hex, 16);
    const character = String.fromCharCode(code);
    if (code < 0x20 || code === 0x7f) throw invalid('its path has an encoded control character');
    if (character === '/' || character === '\\') throw invalid('its path has an encoded slash');
    return UNRESERVED.test(character) ? character : encoded.toUpperCase();
  });
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(canonical)) throw invalid('its path has a segment "." or ".."');
  try {
    decodeURIComponent(canonical);
  } catch {
    throw invalid('its path is not UTF-8');
  }
  return canonical;
}

export function invalid(why: string): HairspringError {
  return new HairspringError('HS_GATEWAY_REQUEST_INVALID', `Cannot take the request: ${why}`);
}
