/** https://mimesniff.spec.whatwg.org/#parsing-a-mime-type */
export interface MimeType {
  readonly essence: string;
  readonly parameters: Map<string, string>;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const QUOTED = /^[\t\x20-\x7e\x80-\xff]*$/;

export function parseMimeType(text: string): MimeType | undefined {
  const trimmed = trimSpace(text);
  const end = endOf(trimmed, 0, ';');
  const essence = trimEnd(trimmed.slice(0, end));
  const slash = essence.indexOf('/');
  if (slash === -1 || !TOKEN.test(essence.slice(0, slash)) || !TOKEN.test(essence.slice(slash + 1)))
    return undefined;
  const parameters = new Map<string, string>();
  for (let at = end; at < trimmed.length; ) {
    at += 1;
    while (/[\t\n\r ]/.test(trimmed[at] ?? '')) at += 1;
    const nameEnd = endOf(trimmed, at, ';=');
    const name = trimmed.slice(at, nameEnd).toLowerCase();
    at = nameEnd;
    if (trimmed[at] !== '=') continue;
    at += 1;
    let value: string;
    if (trimmed[at] === '"') {
      const quoted = readQuoted(trimmed, at);
      value = quoted.text;
      at = endOf(trimmed, quoted.end, ';');
    } else {
      const valueEnd = endOf(trimmed, at, ';');
      value = trimEnd(trimmed.slice(at, valueEnd));
      at = valueEnd;
      if (value === '') continue;
    }
    if (TOKEN.test(name) && QUOTED.test(value) && !parameters.has(name)) parameters.set(name, value);
  }
  return { essence: essence.toLowerCase(), parameters };
}

export function formatMimeType({ essence, parameters }: MimeType): string {
  let text = essence;
  for (const [name, value] of parameters)
    text += `;${name}=${TOKEN.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`;
  return text;
}

/** The type that a Content-Type header, perhaps a combined one, stands for. */
export function extractMimeType(header: string | null): MimeType | undefined {
  if (header === null) return undefined;
  let found: MimeType | undefined;
  let charset: string | undefined;
  for (const part of splitList(header)) {
    const type = parseMimeType(part);
    if (type === undefined || type.essence === '*/*') continue;
    const own = type.parameters.get('charset');
    if (type.essence !== found?.essence) charset = own;
    else if (own === undefined && charset !== undefined) type.parameters.set('charset', charset);
    found = type;
  }
  return found;
}

/** Parts between commas that are not in quotes. */
function splitList(header: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < header.length; ) {
    const end = endOf(header, at, '",');
    part += header.slice(at, end);
    if (header[end] === '"') {
      const quoted = readQuoted(header, end);
      part += header.slice(end, quoted.end);
      at = quoted.end;
      continue;
    }
    parts.push(part);
    part = '';
    at = end + 1;
  }
  parts.push(part);
  return parts;
}

function readQuoted(text: string, start: number): { text: string; end: number } {
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '"') return { text: value, end: at + 1 };
    if (text[at] === '\\' && at + 1 < text.length) at += 1;
    value += text[at];
  }
  return { text: value, end: text.length };
}

/** Where one of `stops` comes next, or the end. */
function endOf(text: string, start: number, stops: string): number {
  let at = start;
  while (at < text.length && !stops.includes(text.charAt(at))) at += 1;
  return at;
}

function trimSpace(text: string): string {
  return trimEnd(text.replace(/^[\t\n\r ]+/, ''));
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && '\t\n\r '.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
