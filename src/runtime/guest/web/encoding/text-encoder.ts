import { defineInterface, requireArguments } from '../shared/idl.ts';

/** https://encoding.spec.whatwg.org/#interface-textencoder */
export class TextEncoder {
  // Tells one of ours from another object.
  readonly #encoding = 'utf-8';

  get encoding(): string {
    return this.#encoding;
  }

  encode(input: unknown = ''): Uint8Array<ArrayBuffer> {
    void this.#encoding;
    return runtime.encodeUtf8(`${input}`);
  }

  encodeInto(source: unknown, destination: unknown): { read: number; written: number } {
    void this.#encoding;
    requireArguments(arguments.length, 2, 'TextEncoder.encodeInto');
    const text = `${source}`;
    if (!(destination instanceof Uint8Array))
      throw new TypeError('TextEncoder.encodeInto writes to a Uint8Array');
    return writeUtf8(text, destination);
  }
}
defineInterface(TextEncoder, 'TextEncoder');

/** As many whole characters as there is room for. */
function writeUtf8(text: string, bytes: Uint8Array): { read: number; written: number } {
  let read = 0;
  let written = 0;
  const room = bytes.length;
  while (read < text.length) {
    let code = text.codePointAt(read) ?? 0;
    const units = code > 0xffff ? 2 : 1;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (written + size > room) break;
    if (size === 1) bytes[written] = code;
    else {
      bytes[written] = ((0xf00 >> size) & 0xff) | (code >> ((size - 1) * 6));
      for (let at = 1; at < size; at += 1)
        bytes[written + at] = 0x80 | ((code >> ((size - 1 - at) * 6)) & 0x3f);
    }
    read += units;
    written += size;
  }
  return { read, written };
}
