import type { Binding, Redact } from '../../core/index.ts';

/**
 * What a host call names, with a star for each token or segment that holds a secret: the grant that covers the call is
 * no wider for others, and the name can be shown. Empty where no such name is free of secrets.
 */
export function starredName(service: Binding['service'], name: string, redact: Redact): string {
  if (isClean(name, redact)) return name;
  const starred =
    service === 'http'
      ? starredRequest(name, redact)
      : starredParts(name, service === 'objectstore' ? '/' : '.', redact);
  return isClean(starred, redact) ? starred : '';
}

/** `GET https://api.example.com/a/b`; a host that is secret leaves nothing to name. */
function starredRequest(name: string, redact: Redact): string {
  const path = name.indexOf('/', name.indexOf('://') + '://'.length);
  if (path === -1) return '';
  return `${name.slice(0, path)}${starredParts(name.slice(path), '/', redact)}`;
}

function starredParts(name: string, separator: '.' | '/', redact: Redact): string {
  const parts = name.split(separator);
  // A secret that goes over several parts takes all from its beginning on.
  const end = separator === '.' ? '>' : '*';
  const from = firstAcross(parts, separator, redact);
  if (from !== -1) return name.slice(0, name.lastIndexOf(separator, from - 1) + 1) + end;
  if (firstAcross(parts.map(decoded), separator, redact) !== -1) return separator === '/' ? `/${end}` : end;
  return parts.map((part) => (isClean(part, redact) ? part : '*')).join(separator);
}

/** Where in the whole the first secret begins, if one goes over several parts; else -1. */
function firstAcross(parts: readonly string[], separator: string, redact: Redact): number {
  const whole = parts.join(separator);
  const clean = redact(whole);
  if (clean === whole || clean === parts.map(redact).join(separator)) return -1;
  let at = 0;
  while (clean.charAt(at) === whole.charAt(at)) at += 1;
  return at;
}

/** As it is, and as a URL has it. */
function isClean(text: string, redact: Redact): boolean {
  const plain = decoded(text);
  return redact(text) === text && redact(plain) === plain;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
