/** Codecs of lists, records, variants, flags and handles. */
import { alignTo, type Codec, type FlatKind, type FlatReader, joinFlat, type Variant } from './codec.ts';
import type { Place } from './place.ts';
import { rangeCodec, writeBytes } from './primitives.ts';

export const BYTES: Codec = rangeCodec(
  (place, pointer, length) => place.bytes(pointer, length).slice(),
  (place, value) => writeBytes(place, value as Uint8Array),
);

export function listCodec(item: Codec): Codec {
  const { size, align } = item;
  return rangeCodec(
    (place, pointer, length) => {
      place.bytes(pointer, length * size);
      const items: unknown[] = [];
      for (let index = 0; index < length; index += 1) items.push(item.load(place, pointer + index * size));
      return items;
    },
    (place, value) => {
      const items = value as readonly unknown[];
      const pointer = place.realloc(0, 0, align, items.length * size);
      for (let index = 0; index < items.length; index += 1)
        item.store(place, pointer + index * size, items[index]);
      return [pointer, items.length];
    },
  );
}

export function recordCodec(fields: readonly Codec[]): Codec {
  let end = 0;
  let align = 1;
  const offsets = fields.map((field) => {
    const offset = alignTo(end, field.align);
    end = offset + field.size;
    align = Math.max(align, field.align);
    return offset;
  });
  return {
    size: alignTo(end, align),
    align,
    flat: joinFlat(fields),
    load: (place, pointer) =>
      fields.map((field, index) => field.load(place, pointer + (offsets[index] as number))),
    store(place, pointer, value) {
      const values = value as readonly unknown[];
      for (let index = 0; index < fields.length; index += 1)
        (fields[index] as Codec).store(place, pointer + (offsets[index] as number), values[index]);
    },
    lift: (place, reader) => fields.map((field) => field.lift(place, reader)),
    lower(place, value, out) {
      const values = value as readonly unknown[];
      for (let index = 0; index < fields.length; index += 1)
        (fields[index] as Codec).lower(place, values[index], out);
    },
  };
}

/** What a type takes that has so many cases or flags. */
function tagSize(cases: number): number {
  if (cases <= 0x100) return 1;
  return cases <= 0x1_0000 ? 2 : 4;
}

function readTag({ view }: Place, pointer: number, size: number): number {
  if (size === 1) return view.getUint8(pointer);
  return size === 2 ? view.getUint16(pointer, true) : view.getUint32(pointer, true);
}

function writeTag({ view }: Place, pointer: number, size: number, tag: number): void {
  if (size === 1) view.setUint8(pointer, tag);
  else if (size === 2) view.setUint16(pointer, tag, true);
  else view.setUint32(pointer, tag, true);
}

export function variantCodec(cases: readonly (Codec | undefined)[]): Codec {
  const size = tagSize(cases.length);
  const payloads = cases.filter((each) => each !== undefined);
  const align = payloads.reduce((most, each) => Math.max(most, each.align), size);
  const offset = alignTo(
    size,
    payloads.reduce((most, each) => Math.max(most, each.align), 1),
  );
  const joined = joinCases(payloads);
  const caseOf = (tag: number): Codec | undefined => {
    if (tag >= cases.length) throw new TypeError('The component gives a case that its type does not have');
    return cases[tag];
  };
  return {
    size: alignTo(offset + payloads.reduce((most, each) => Math.max(most, each.size), 0), align),
    align,
    flat: joined === undefined ? undefined : ['i32', ...joined],
    load(place, pointer): Variant {
      const tag = readTag(place, pointer, size);
      return { tag, value: caseOf(tag)?.load(place, pointer + offset) };
    },
    store(place, pointer, value) {
      const { tag, value: payload } = value as Variant;
      writeTag(place, pointer, size, tag);
      caseOf(tag)?.store(place, pointer + offset, payload);
    },
    lift(place, reader): Variant {
      const tag = (reader.values[reader.at++] as number) >>> 0;
      const each = caseOf(tag);
      const values = (joined ?? []).map((kind, index) =>
        convert(reader.values[reader.at + index], kind, each?.flat?.[index]),
      );
      reader.at += values.length;
      return { tag, value: each?.lift(place, { values, at: 0 } satisfies FlatReader) };
    },
    lower(place, value, out) {
      const { tag, value: payload } = value as Variant;
      const each = caseOf(tag);
      out.push(tag);
      const flat: unknown[] = [];
      each?.lower(place, payload, flat);
      for (const [index, kind] of (joined ?? []).entries())
        out.push(index < flat.length ? convert(flat[index], each?.flat?.[index], kind) : zero(kind));
    },
  };
}

/** The flat values of all cases lie over each other; where they differ, the wider one is taken. */
function joinCases(payloads: readonly Codec[]): readonly FlatKind[] | undefined {
  const joined: FlatKind[] = [];
  for (const { flat } of payloads) {
    if (flat === undefined) return undefined;
    for (const [index, kind] of flat.entries()) {
      const other = joined[index];
      if (other === undefined || other === kind) joined[index] = kind;
      else joined[index] = isNarrow(kind) && isNarrow(other) ? 'i32' : 'i64';
    }
  }
  return joined.length > 15 ? undefined : joined;
}

function isNarrow(kind: FlatKind): boolean {
  return kind === 'i32' || kind === 'f32';
}

function zero(kind: FlatKind): unknown {
  return kind === 'i64' ? 0n : 0;
}

const scratch = new DataView(new ArrayBuffer(8));

/** The same bits as another kind of value. */
function convert(value: unknown, from: FlatKind | undefined, to: FlatKind | undefined): unknown {
  if (from === to || from === undefined || to === undefined) return value;
  scratch.setBigUint64(0, 0n, true);
  if (from === 'i64') scratch.setBigInt64(0, value as bigint, true);
  else if (from === 'i32') scratch.setInt32(0, value as number, true);
  else if (from === 'f32') scratch.setFloat32(0, value as number, true);
  else scratch.setFloat64(0, value as number, true);
  if (to === 'i64') return scratch.getBigInt64(0, true);
  if (to === 'i32') return scratch.getInt32(0, true);
  return to === 'f32' ? scratch.getFloat32(0, true) : scratch.getFloat64(0, true);
}

/** A set of at most 32 flags as the bits of a number. */
export function flagsCodec(count: number): Codec {
  const size = count <= 8 ? 1 : count <= 16 ? 2 : 4;
  return {
    size,
    align: size,
    flat: ['i32'],
    load: (place, pointer) => readTag(place, pointer, size),
    store: (place, pointer, value) => writeTag(place, pointer, size, value as number),
    lift: (_place, reader) => (reader.values[reader.at++] as number) >>> 0,
    lower: (_place, value, out) => {
      out.push(value);
    },
  };
}

/** A handle; whoever is not the component that has it sees the resource itself. */
export function handleCodec(resource: number, owned: boolean, isDefinedBy: (place: Place) => boolean): Codec {
  const read = (place: Place, index: number): unknown => {
    if (!owned) return place.handles.get(index, resource).value;
    const handle = place.handles.remove(index, resource);
    if (!handle.owned) throw new TypeError('The component gives away a handle that it has only borrowed');
    return handle.value;
  };
  const write = (place: Place, value: unknown): number => {
    if (!owned && isDefinedBy(place)) return value as number;
    return place.handles.add({ resource, value, owned });
  };
  return {
    size: 4,
    align: 4,
    flat: ['i32'],
    load: (place, pointer) => read(place, place.view.getUint32(pointer, true)),
    store: (place, pointer, value) => {
      const handle = write(place, value);
      place.view.setUint32(pointer, handle, true);
    },
    lift: (place, reader) => read(place, (reader.values[reader.at++] as number) >>> 0),
    lower: (place, value, out) => {
      out.push(write(place, value));
    },
  };
}
