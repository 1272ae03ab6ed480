/** How many bytes at the end are the beginning of a character that may still become valid. */
function unfinishedBytes(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= 3 && back <= length; back += 1) {
    const byte = bytes[length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const needed = byte < 0xc2 || byte > 0xf4 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    if (back >= needed) return 0;
    return back === 1 || isSecond(byte, bytes[length - back + 1] ?? 0) ? back : 0;
  }
  return 0;
}

/** Whether a second byte may follow a first one. */
function isSecond(first: number, second: number): boolean {
  if (first === 0xe0) return second >= 0xa0;
  if (first === 0xed) return second < 0xa0;
  if (first === 0xf0) return second >= 0x90;
  if (first === 0xf4) return second < 0x90;
  return true;
}

export interface StreamDecoder {
  /** @throws TypeError on what is not valid, where it is fatal */
  decode(bytes: Uint8Array, stream: boolean): string;
}

/** Joins what an earlier chunk has left with this one. */
export function join(held: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (held.length === 0) return bytes;
  const all = new Uint8Array(held.length + bytes.length);
  all.set(held);
  all.set(bytes, held.length);
  return all;
}

const NOTHING = new Uint8Array(0);

export function createUtf8Decoder(fatal: boolean): StreamDecoder {
  let held: Uint8Array = NOTHING;
  return {
    decode(bytes, stream) {
      const all = join(held, bytes);
      held = NOTHING;
      const rest = stream ? unfinishedBytes(all) : 0;
      if (rest > 0) held = all.slice(all.length - rest);
      return runtime.decodeUtf8(rest === 0 ? all : all.subarray(0, all.length - rest), fatal);
    },
  };
}
