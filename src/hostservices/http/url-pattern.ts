import { HTTP_LIMITS } from './limits.ts';

/** A pattern of a grant, parsed. */
export interface HttpUrlPattern {
  /** With its colon. */
  readonly protocol: 'http:' | 'https:';
  /** As the URL standard writes it; of `*.example.com` what follows the star. */
  readonly hostname: string;
  /** Whether any names before `hostname` are covered, and `hostname` itself is not. */
  readonly subdomains: boolean;
  /** Empty for the default one. */
  readonly port: string;
  /** A path in which `*` stands for any characters. */
  readonly path: string;
}

/** Parses `https://host[:port][/path]`, with `*.` before the host and `*` in the path. @returns why it is none, as text */
export function parseUrlPattern(text: string): HttpUrlPattern | string {
  const match = /^(https?):\/\/(\*\.)?([^/?#@\\\s]+)(\/[^?#\\\s]*)?$/i.exec(text);
  if (match === null || text.length > HTTP_LIMITS.urlChars)
    return 'it is not of the form https://host/path, without user, query and fragment';
  const [, scheme = '', star, host = '', path = '/*'] = match;
  if (host.includes('*')) return 'a * stands before the first dot of the host, or in the path';
  const url = URL.parse(`${scheme}://${host}${path}`);
  if (url === null || url.hostname === '') return 'its host is not a valid one';
  if (star !== undefined && isAddress(url.hostname)) return 'an address has no subdomains';
  if (star !== undefined && !url.hostname.includes('.'))
    return 'a * covers the names below a domain of at least two parts';
  if (url.pathname.length !== path.length && url.pathname !== encodeURI(path))
    return 'its path is not a normal one: write it without . and .. segments';
  return {
    protocol: url.protocol === 'http:' ? 'http:' : 'https:',
    hostname: url.hostname,
    subdomains: star !== undefined,
    port: url.port,
    path: url.pathname,
  };
}

/** Whether a host as the URL standard writes it is an address and no name. */
export function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Whether `pattern` covers `url`, whose query does not matter. */
export function coversUrl(pattern: HttpUrlPattern, url: URL): boolean {
  if (pattern.protocol !== url.protocol || pattern.port !== url.port) return false;
  const hostMatches = pattern.subdomains
    ? url.hostname.endsWith(`.${pattern.hostname}`)
    : url.hostname === pattern.hostname;
  if (!hostMatches) return false;
  if (pattern.path === '/*') return true;
  return !hidesSegments(url.pathname) && matchesPath(pattern.path, url.pathname);
}

/** Whether every URL that `other` covers is covered by `pattern` too. */
export function coversPattern(pattern: HttpUrlPattern, other: HttpUrlPattern): boolean {
  if (pattern.protocol !== other.protocol || pattern.port !== other.port) return false;
  const isSame = pattern.hostname === other.hostname && pattern.subdomains === other.subdomains;
  const isBelow = pattern.subdomains && other.hostname.endsWith(`.${pattern.hostname}`);
  if (!isSame && !isBelow) return false;
  if (pattern.path === '/*') return true;
  // It covers paths with hidden segments, and no other one does.
  if (other.path === '/*') return false;
  // What a star of `other` stands for, a star of `pattern` has to take: no other part of it can.
  return matchesPath(pattern.path, other.path);
}

/** `*` stands for any characters; linear, whatever the two are. */
function matchesPath(pattern: string, path: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return path === pattern;
  const last = rest.pop() ?? '';
  if (path.length < first.length + last.length || !path.startsWith(first) || !path.endsWith(last))
    return false;
  const end = path.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = path.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/**
 * Whether a server that decodes the path again, or drops parameters from its segments, could find a `..`
 * in it and so leave the folder that a grant names.
 */
function hidesSegments(pathname: string): boolean {
  let text = pathname;
  for (let round = 0; round < 3; round += 1) {
    if (/[\\\0]/.test(text)) return true;
    if (text.split('/').some((segment) => /^\.{1,2}(?:;|$)/.test(segment))) return true;
    const decoded = text.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (decoded === text) return false;
    text = decoded;
  }
  return false;
}
