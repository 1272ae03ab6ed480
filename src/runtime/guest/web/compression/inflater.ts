import { Inflate } from 'fflate';
import { concatBytes } from '../shared/idl.ts';
import { type Format, WRAPPINGS } from './format.ts';

/** Input given to the library at a time: deflate expands up to 1032 times. */
const PIECE_BYTES = 16 * 1024;

/** The library's state, under the names that it has in its releases. */
interface InflateState {
  /** `f` whether the last block was begun, `l` its table while it goes on, `p` bits taken of the first byte left. */
  readonly s: { readonly f?: number; readonly l?: unknown; readonly p?: number };
  /** Input that is left. */
  readonly p: Uint8Array;
}

/** Decompresses piece by piece. */
export class Inflater {
  readonly #format: Format;
  readonly #emit: (bytes: Uint8Array) => void;
  readonly #checksum;
  readonly #inflate: Inflate;
  #phase: 'header' | 'data' | 'trailer' | 'done' = 'header';
  /** Of a header or a trailer that has not come whole. */
  #held: Uint8Array = new Uint8Array(0);
  #length = 0;

  constructor(format: Format, emit: (bytes: Uint8Array) => void) {
    this.#format = format;
    this.#emit = emit;
    this.#checksum = WRAPPINGS[format].createChecksum();
    this.#inflate = new Inflate((bytes) => this.#output(bytes));
  }

  #output(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#checksum.add(bytes);
    this.#length = (this.#length + bytes.length) >>> 0;
    this.#emit(bytes);
  }

  /** @throws TypeError when the input is corrupt, or goes on after its end */
  push(input: Uint8Array): void {
    let rest = input;
    if (this.#phase === 'header') rest = this.#readHeader(rest);
    if (this.#phase === 'data') rest = this.#readData(rest);
    if (this.#phase === 'trailer') rest = this.#readTrailer(rest);
    if (this.#phase === 'done' && rest.length > 0)
      throw new TypeError('The compressed data goes on after its end');
  }

  /** @throws TypeError when the input ends too early */
  finish(): void {
    if (this.#phase !== 'done') throw new TypeError('The compressed data ends too early');
  }

  #readHeader(input: Uint8Array): Uint8Array {
    const all = concatBytes([this.#held, input]);
    const end =
      this.#format === 'gzip' ? gzipHeaderEnd(all) : this.#format === 'deflate' ? zlibHeaderEnd(all) : 0;
    if (end === undefined) {
      this.#held = all;
      return new Uint8Array(0);
    }
    this.#held = new Uint8Array(0);
    this.#phase = 'data';
    return all.subarray(end);
  }

  #readData(input: Uint8Array): Uint8Array {
    const state = this.#inflate as unknown as InflateState;
    for (let at = 0; at < input.length; at += PIECE_BYTES) {
      try {
        this.#inflate.push(input.slice(at, at + PIECE_BYTES));
      } catch (error) {
        // There is no memory for what is in it.
        if (error instanceof RangeError) throw error;
        throw new TypeError('The compressed data is corrupt');
      }
      const { f: isLast, l: table, p: bits = 0 } = state.s;
      if (!isLast || table) continue;
      this.#phase = 'trailer';
      const left = state.p.subarray(bits > 0 ? 1 : 0);
      return concatBytes([left, input.subarray(at + PIECE_BYTES)]);
    }
    return new Uint8Array(0);
  }

  #readTrailer(input: Uint8Array): Uint8Array {
    const { trailerBytes, trailer } = WRAPPINGS[this.#format];
    const all = concatBytes([this.#held, input]);
    this.#held = all;
    if (all.length < trailerBytes) return new Uint8Array(0);
    const expected = trailer(this.#checksum.value(), this.#length);
    if (expected.some((byte, at) => byte !== all[at]))
      throw new TypeError('The checksum of the compressed data is wrong');
    this.#phase = 'done';
    return all.subarray(trailerBytes);
  }
}

/** Where the data begins; undefined while the header is not there whole. @throws TypeError */
function zlibHeaderEnd(bytes: Uint8Array): number | undefined {
  const [method, flags] = bytes;
  if (method === undefined || flags === undefined) return undefined;
  const hasDictionary = (flags & 0x20) !== 0;
  if ((method & 0x0f) !== 8 || method >> 4 > 7 || ((method << 8) | flags) % 31 !== 0 || hasDictionary)
    throw new TypeError('The compressed data is not in the format "deflate"');
  return 2;
}

/** As above. */
function gzipHeaderEnd(bytes: Uint8Array): number | undefined {
  const known = [0x1f, 0x8b, 8];
  if (known.some((byte, at) => at < bytes.length && bytes[at] !== byte) || ((bytes[3] ?? 0) & 0xe0) !== 0)
    throw new TypeError('The compressed data is not in the format "gzip"');
  const flags = bytes[3];
  if (flags === undefined) return undefined;
  let end = 10;
  if (flags & 4) end += 2 + ((bytes[end] ?? 0) | ((bytes[end + 1] ?? 0) << 8));
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const zero = bytes.indexOf(0, end);
    if (zero === -1) return undefined;
    end = zero + 1;
  }
  if (flags & 2) end += 2;
  return bytes.length < end ? undefined : end;
}
