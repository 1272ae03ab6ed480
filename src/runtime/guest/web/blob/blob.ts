import {
  concatBytes,
  decodeText,
  defineInterface,
  toDictionary,
  toEnum,
  toSequence,
  viewBytes,
} from '../shared/idl.ts';
import { type Stream, streamOf } from '../shared/stream-types.ts';

/** The bytes of a blob, which nobody may change. */
export let blobBytes: (blob: Blob) => Uint8Array<ArrayBuffer>;
export let isBlob: (value: unknown) => value is Blob;
/** A blob over bytes that are its own from now on. */
export let createBlob: (bytes: Uint8Array<ArrayBuffer>, type: string) => Blob;

/** https://w3c.github.io/FileAPI/#blob-section */
export class Blob {
  #bytes: Uint8Array<ArrayBuffer>;
  #type: string;

  static {
    blobBytes = (blob) => blob.#bytes;
    isBlob = (value): value is Blob => typeof value === 'object' && value !== null && #bytes in value;
    createBlob = (bytes, type) => {
      const blob = new Blob();
      blob.#bytes = bytes;
      blob.#type = type;
      return blob;
    };
  }

  constructor(blobParts: unknown = undefined, options: unknown = undefined) {
    const parts = blobParts === undefined ? [] : toSequence(blobParts, 'blobParts', toPart);
    const dictionary = toDictionary(options, 'The options of a Blob');
    const endings = dictionary['endings'];
    const native =
      endings !== undefined && toEnum(endings, ['transparent', 'native'], 'endings') === 'native';
    const type = dictionary['type'];
    this.#type = type === undefined ? '' : normalizeType(`${type}`);
    this.#bytes = concatBytes(
      parts.map((part) =>
        typeof part === 'string' ? runtime.encodeUtf8(native ? part.replace(/\r\n?/g, '\n') : part) : part,
      ),
    );
  }

  get size(): number {
    return this.#bytes.length;
  }

  get type(): string {
    return this.#type;
  }

  slice(start: unknown = undefined, end: unknown = undefined, contentType: unknown = undefined): Blob {
    const size = this.#bytes.length;
    const from = toOffset(start, size, 0);
    const to = toOffset(end, size, size);
    const type = contentType === undefined ? '' : normalizeType(`${contentType}`);
    return createBlob(this.#bytes.subarray(from, Math.max(from, to)), type);
  }

  stream(): Stream {
    return streamOf(this.#bytes);
  }

  async text(): Promise<string> {
    return decodeText(this.#bytes);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.slice().buffer;
  }

  async bytes(): Promise<Uint8Array> {
    return this.#bytes.slice();
  }
}
defineInterface(Blob, 'Blob');
function toPart(part: unknown): string | Uint8Array {
  if (isBlob(part)) return blobBytes(part);
  // Copied, since what comes later in the sequence may change it.
  return viewBytes(part)?.slice() ?? `${part}`;
}

function normalizeType(type: string): string {
  return /[^\x20-\x7e]/.test(type) ? '' : type.toLowerCase();
}

/** Web IDL's `[Clamp] long long`, counted from the end where it is negative. */
function toOffset(value: unknown, size: number, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = Number(value);
  const offset = Number.isNaN(number) ? 0 : roundHalfToEven(number);
  return offset < 0 ? Math.max(size + offset, 0) : Math.min(offset, size);
}

function roundHalfToEven(number: number): number {
  const rounded = Math.round(number);
  return rounded - number === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
