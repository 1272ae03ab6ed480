/** https://html.spec.whatwg.org/multipage/webappapis.html#atob */

import { createDomException } from '../shared/events-types.ts';
import { requireArguments } from '../shared/idl.ts';

interface Base64 {
  fromBase64(text: string): Uint8Array<ArrayBuffer>;
}

const { fromBase64 } = Uint8Array as unknown as Base64;
const { toBase64 } = Uint8Array.prototype as unknown as { toBase64(this: Uint8Array): string };

export function atob(data: unknown): string {
  requireArguments(arguments.length, 1, 'atob');
  const text = `${data}`;
  let bytes: Uint8Array;
  try {
    bytes = Reflect.apply(fromBase64, Uint8Array, [text]);
  } catch {
    throw createDomException('The text is not Base64', 'InvalidCharacterError');
  }
  let result = '';
  for (let start = 0; start < bytes.length; start += 4096)
    result += String.fromCharCode(...bytes.subarray(start, start + 4096));
  return result;
}

export function btoa(data: unknown): string {
  requireArguments(arguments.length, 1, 'btoa');
  const text = `${data}`;
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 255) throw createDomException('The text has a character over U+00FF', 'InvalidCharacterError');
    bytes[index] = code;
  }
  return Reflect.apply(toBase64, bytes, []);
}
