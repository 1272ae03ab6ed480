/** What Web IDL makes of a value before a method sees it. https://webidl.spec.whatwg.org/#js-type-mapping */

export type BufferSource = ArrayBuffer | ArrayBufferView;

export function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

export function isBufferSource(value: unknown): value is BufferSource {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

export function toBufferSource(value: unknown, what: string): BufferSource {
  if (!isBufferSource(value)) throw new TypeError(`${what} must be an ArrayBuffer or a view of one`);
  return value;
}

/** A copy of the bytes; none when the buffer has been given away meanwhile. */
export function copyBytes(source: BufferSource): Uint8Array<ArrayBuffer> {
  const buffer = source instanceof ArrayBuffer ? source : (source.buffer as ArrayBuffer);
  if (buffer.detached) return new Uint8Array(0);
  const bytes =
    source instanceof ArrayBuffer
      ? new Uint8Array(source)
      : new Uint8Array(buffer, source.byteOffset, source.byteLength);
  return bytes.slice();
}

export function toText(value: unknown): string {
  if (typeof value === 'symbol') throw new TypeError('A symbol is no text');
  return `${value}`;
}

/** An unsigned integer of so many bits, as `[EnforceRange]` takes it. */
export function toUnsigned(value: unknown, bits: number, what: string): number {
  const number = Math.trunc(+(value as number));
  if (!(number >= 0 && number < 2 ** bits))
    throw new TypeError(`${what} must be a number from 0 to ${2 ** bits - 1}`);
  return number + 0;
}
