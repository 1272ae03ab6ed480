import { join, type StreamDecoder } from './utf8.ts';

const NOTHING = new Uint8Array(0);
const CHUNK = 4096;

export function createUtf16Decoder(bigEndian: boolean, fatal: boolean): StreamDecoder {
  let held: Uint8Array = NOTHING;
  return {
    decode(bytes, stream) {
      const all = join(held, bytes);
      held = NOTHING;
      const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
      let units = all.length >> 1;
      const last = units === 0 ? 0 : view.getUint16(units * 2 - 2, !bigEndian);
      if (stream && last >= 0xd800 && last < 0xdc00) units -= 1;
      if (stream) held = all.slice(units * 2);
      let text = '';
      for (let start = 0; start < units; start += CHUNK) text += decodeUnits(view, start, units, bigEndian);
      if (!stream && all.length % 2 === 1) text += '\ufffd';
      if (fatal && ((!stream && all.length % 2 === 1) || !text.isWellFormed()))
        throw new TypeError(`The bytes are not valid UTF-16${bigEndian ? 'BE' : 'LE'}`);
      return text.toWellFormed();
    },
  };
}

function decodeUnits(view: DataView, start: number, end: number, bigEndian: boolean): string {
  const codes: number[] = [];
  for (let index = start; index < end && index < start + CHUNK; index += 1)
    codes.push(view.getUint16(index * 2, !bigEndian));
  return String.fromCharCode(...codes);
}
