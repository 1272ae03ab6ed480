import { formatMimeType, parseMimeType } from './mime-type.ts';

/** https://fetch.spec.whatwg.org/#data-url-processor @returns undefined when it is none */
export function parseDataUrl(
  href: string,
): { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined {
  const comma = href.indexOf(',');
  if (comma === -1) return undefined;
  let type = href.slice('data:'.length, comma).replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '');
  const percentDecoded = percentDecode(href.slice(comma + 1));
  const base64 = /; *base64$/i.exec(type);
  if (base64 !== null) type = type.slice(0, base64.index);
  if (type.startsWith(';')) type = `text/plain${type}`;
  const bytes = base64 === null ? percentDecoded : decodeBase64(percentDecoded);
  if (bytes === undefined) return undefined;
  const parsed = parseMimeType(type);
  return { type: parsed === undefined ? 'text/plain;charset=US-ASCII' : formatMimeType(parsed), bytes };
}

function percentDecode(text: string): Uint8Array<ArrayBuffer> {
  const input = runtime.encodeUtf8(text);
  const output = new Uint8Array(input.length);
  let length = 0;
  for (let at = 0; at < input.length; at += 1) {
    const byte = input[at] ?? 0;
    const hex = byte === 0x25 ? String.fromCharCode(input[at + 1] ?? 0, input[at + 2] ?? 0) : '';
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      output[length] = Number.parseInt(hex, 16);
      at += 2;
    } else output[length] = byte;
    length += 1;
  }
  return output.slice(0, length);
}

/** https://infra.spec.whatwg.org/#forgiving-base64-decode */
function decodeBase64(input: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  let text = '';
  for (const byte of input) text += String.fromCharCode(byte);
  text = text.replace(/[\t\n\f\r ]/g, '');
  if (text.length % 4 === 0) text = text.replace(/={1,2}$/, '');
  if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) return undefined;
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const output = new Uint8Array((text.length * 3) >> 2);
  let bits = 0;
  let held = 0;
  let length = 0;
  for (const character of text) {
    held = (held << 6) | alphabet.indexOf(character);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    output[length] = (held >> bits) & 0xff;
    length += 1;
  }
  return output;
}
