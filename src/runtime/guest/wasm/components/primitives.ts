import type { Primitive } from '../../../wasm/component/plan.ts';
import type { Codec, FlatKind } from './codec.ts';
import type { Place } from './place.ts';

interface Simple {
  readonly size: number;
  readonly flat: FlatKind;
  get(view: DataView, pointer: number): unknown;
  set(view: DataView, pointer: number, value: never): void;
  /** What a flat value means; whatever is in the bits that the type does not have is cut off. */
  lift(value: never): unknown;
  lower(value: never): unknown;
}

function toChar(value: number): number {
  const code = value >>> 0;
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    throw new TypeError('The component gives a character that is none');
  return code;
}

const same = (value: unknown): unknown => value;

const SIMPLE: Readonly<Record<Exclude<Primitive, 'string'>, Simple>> = {
  bool: {
    size: 1,
    flat: 'i32',
    get: (view, at) => view.getUint8(at) !== 0,
    set: (view, at, value: boolean) => view.setUint8(at, value ? 1 : 0),
    lift: (value: number) => value !== 0,
    lower: (value: boolean) => (value ? 1 : 0),
  },
  s8: {
    size: 1,
    flat: 'i32',
    get: (view, at) => view.getInt8(at),
    set: (view, at, value: number) => view.setInt8(at, value),
    lift: (value: number) => (value << 24) >> 24,
    lower: same,
  },
  u8: {
    size: 1,
    flat: 'i32',
    get: (view, at) => view.getUint8(at),
    set: (view, at, value: number) => view.setUint8(at, value),
    lift: (value: number) => value & 0xff,
    lower: same,
  },
  s16: {
    size: 2,
    flat: 'i32',
    get: (view, at) => view.getInt16(at, true),
    set: (view, at, value: number) => view.setInt16(at, value, true),
    lift: (value: number) => (value << 16) >> 16,
    lower: same,
  },
  u16: {
    size: 2,
    flat: 'i32',
    get: (view, at) => view.getUint16(at, true),
    set: (view, at, value: number) => view.setUint16(at, value, true),
    lift: (value: number) => value & 0xffff,
    lower: same,
  },
  s32: {
    size: 4,
    flat: 'i32',
    get: (view, at) => view.getInt32(at, true),
    set: (view, at, value: number) => view.setInt32(at, value, true),
    lift: (value: number) => value | 0,
    lower: same,
  },
  u32: {
    size: 4,
    flat: 'i32',
    get: (view, at) => view.getUint32(at, true),
    set: (view, at, value: number) => view.setUint32(at, value, true),
    lift: (value: number) => value >>> 0,
    lower: same,
  },
  s64: {
    size: 8,
    flat: 'i64',
    get: (view, at) => view.getBigInt64(at, true),
    set: (view, at, value: bigint) => view.setBigInt64(at, value, true),
    lift: (value: bigint) => BigInt.asIntN(64, value),
    lower: same,
  },
  u64: {
    size: 8,
    flat: 'i64',
    get: (view, at) => view.getBigUint64(at, true),
    set: (view, at, value: bigint) => view.setBigUint64(at, value, true),
    lift: (value: bigint) => BigInt.asUintN(64, value),
    lower: same,
  },
  f32: {
    size: 4,
    flat: 'f32',
    get: (view, at) => view.getFloat32(at, true),
    set: (view, at, value: number) => view.setFloat32(at, value, true),
    lift: same,
    lower: same,
  },
  f64: {
    size: 8,
    flat: 'f64',
    get: (view, at) => view.getFloat64(at, true),
    set: (view, at, value: number) => view.setFloat64(at, value, true),
    lift: same,
    lower: same,
  },
  char: {
    size: 4,
    flat: 'i32',
    get: (view, at) => toChar(view.getUint32(at, true)),
    set: (view, at, value: number) => view.setUint32(at, value, true),
    lift: toChar,
    lower: same,
  },
};

function simpleCodec(name: Exclude<Primitive, 'string'>): Codec {
  const { size, flat, get, set, lift, lower } = SIMPLE[name];
  return {
    size,
    align: size,
    flat: [flat],
    load: (place, pointer) => get(place.view, pointer),
    store: (place, pointer, value) => set(place.view, pointer, value as never),
    lift: (_place, reader) => lift(reader.values[reader.at++] as never),
    lower: (_place, value, out) => {
      out.push(lower(value as never));
    },
  };
}

/** A codec of what is a pointer and a length. */
export function rangeCodec(
  read: (place: Place, pointer: number, length: number) => unknown,
  write: (place: Place, value: unknown) => readonly [pointer: number, length: number],
): Codec {
  return {
    size: 8,
    align: 4,
    flat: ['i32', 'i32'],
    load(place, pointer) {
      const { view } = place;
      return read(place, view.getUint32(pointer, true), view.getUint32(pointer + 4, true));
    },
    store(place, pointer, value) {
      const [at, length] = write(place, value);
      const { view } = place;
      view.setUint32(pointer, at, true);
      view.setUint32(pointer + 4, length, true);
    },
    lift(place, reader) {
      const pointer = (reader.values[reader.at++] as number) >>> 0;
      return read(place, pointer, (reader.values[reader.at++] as number) >>> 0);
    },
    lower(place, value, out) {
      const [pointer, length] = write(place, value);
      out.push(pointer, length);
    },
  };
}

/** Bytes as they are. */
export function writeBytes(place: Place, bytes: Uint8Array): readonly [pointer: number, length: number] {
  const { length } = bytes;
  const pointer = place.realloc(0, 0, 1, length);
  if (length > 0) place.bytes(pointer, length).set(bytes);
  return [pointer, length];
}

const STRING = rangeCodec(
  (place, pointer, length) => (length === 0 ? '' : runtime.decodeUtf8(place.bytes(pointer, length), true)),
  (place, value) => (value === '' ? [1, 0] : writeBytes(place, runtime.encodeUtf8(`${value}`))),
);

/** Lists of it are bytes. */
export const U8: Codec = simpleCodec('u8');

export function primitiveCodec(name: Primitive): Codec {
  if (name === 'string') return STRING;
  return name === 'u8' ? U8 : simpleCodec(name);
}
