import { concatBytes, decodeText } from '../shared/idl.ts';
import { blobBytes } from './blob.ts';
import { File } from './file.ts';
import { createForm, type FormData, type FormEntry, formEntries } from './form-data.ts';

/**
 * A form as multipart/form-data.
 * https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
 */
export function encodeMultipart(form: FormData): { bytes: Uint8Array<ArrayBuffer>; boundary: string } {
  const random = new Uint8Array(
    (runtime.door('random', 12) as ArrayBuffer | undefined) ?? new ArrayBuffer(12),
  );
  const boundary = `----formdata-${[...random].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  const parts: Uint8Array[] = [];
  for (const [name, value] of formEntries(form)) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(toCrlf(name))}"`;
    if (typeof value === 'string') {
      parts.push(runtime.encodeUtf8(`${head}\r\n\r\n${toCrlf(value)}\r\n`));
      continue;
    }
    const type = value.type === '' ? 'application/octet-stream' : value.type;
    parts.push(
      runtime.encodeUtf8(`${head}; filename="${escapeName(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`),
      blobBytes(value),
      runtime.encodeUtf8('\r\n'),
    );
  }
  parts.push(runtime.encodeUtf8(`--${boundary}--\r\n`));
  return { bytes: concatBytes(parts), boundary };
}

function toCrlf(text: string): string {
  return text.replace(/\r\n|\r|\n/g, '\r\n');
}

function escapeName(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}

/**
 * https://andreubotella.github.io/multipart-form-data/#multipart-form-data-parser
 * @returns undefined when the bytes are not of the form
 */
export function decodeMultipart(bytes: Uint8Array, boundary: string): FormData | undefined {
  const delimiter = runtime.encodeUtf8(`--${boundary}`);
  const entries: FormEntry[] = [];
  let at = indexOf(bytes, delimiter, 0);
  if (at !== 0 && (at < 2 || !isCrlf(bytes, at - 2))) return undefined;
  const between = runtime.encodeUtf8(`\r\n--${boundary}`);
  for (;;) {
    at += delimiter.length;
    if (bytes[at] === 0x2d && bytes[at + 1] === 0x2d) return createForm(entries);
    while (bytes[at] === 0x20 || bytes[at] === 0x09) at += 1;
    if (!isCrlf(bytes, at)) return undefined;
    const head = readHead(bytes, at + 2);
    if (head === undefined) return undefined;
    const end = indexOf(bytes, between, head.end);
    if (end === -1) return undefined;
    entries.push(toEntry(head, bytes.slice(head.end, end)));
    at = end + 2;
  }
}

interface PartHead {
  readonly name: string;
  readonly filename: string | undefined;
  readonly type: string;
  /** Where the content begins. */
  readonly end: number;
}

function toEntry({ name, filename, type }: PartHead, content: Uint8Array): FormEntry {
  if (filename === undefined) return [name, decodeText(content)];
  return [name, new File([content], filename, { type })];
}

function readHead(bytes: Uint8Array, start: number): PartHead | undefined {
  let name: string | undefined;
  let filename: string | undefined;
  let type = 'text/plain';
  for (let at = start; ; ) {
    const end = indexOf(bytes, CRLF, at);
    if (end === -1) return undefined;
    if (end === at) return name === undefined ? undefined : { name, filename, type, end: end + 2 };
    const line = runtime.decodeUtf8(bytes.subarray(at, end), false);
    const colon = line.indexOf(':');
    if (colon <= 0) return undefined;
    const value = line.slice(colon + 1).trim();
    switch (line.slice(0, colon).trim().toLowerCase()) {
      case 'content-disposition': {
        if (!/^form-data\s*(?:;|$)/i.test(value)) return undefined;
        name = parameter(value, 'name');
        filename = parameter(value, 'filename');
        break;
      }
      case 'content-type':
        type = value;
    }
    at = end + 2;
  }
}

function parameter(value: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, 'i').exec(value);
  if (match === null) return undefined;
  return (match[1] ?? match[2] ?? '').replace(/%0A/gi, '\n').replace(/%0D/gi, '\r').replaceAll('%22', '"');
}

const CRLF = new Uint8Array([13, 10]);

function isCrlf(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 13 && bytes[at + 1] === 10;
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, start: number): number {
  const first = wanted[0] ?? 0;
  for (let at = bytes.indexOf(first, start); at !== -1; at = bytes.indexOf(first, at + 1)) {
    let length = 1;
    while (length < wanted.length && bytes[at + length] === wanted[length]) length += 1;
    if (length === wanted.length) return at;
  }
  return -1;
}
