import { type BinaryReader, damaged } from '../binary-reader.ts';
import type { Primitive } from './plan.ts';
import type {
  Alias,
  CoreSort,
  Declaration,
  Extern,
  Sort,
  TypeRef,
  TypeSyntax,
  ValueSyntax,
} from './syntax.ts';
import { unsupported } from './unsupported.ts';

const CORE_SORTS: Readonly<Record<number, CoreSort>> = {
  0: 'func',
  1: 'table',
  2: 'memory',
  3: 'global',
  4: 'tag',
  16: 'type',
  17: 'module',
  18: 'instance',
};
const SORTS = ['core', 'func', 'value', 'type', 'component', 'instance'] as const;

const PRIMITIVES: Readonly<Record<number, Primitive>> = {
  127: 'bool',
  126: 's8',
  125: 'u8',
  124: 's16',
  123: 'u16',
  122: 's32',
  121: 'u32',
  120: 's64',
  119: 'u64',
  118: 'f32',
  117: 'f64',
  116: 'char',
  115: 'string',
};
/** Bits that a set of flags may have. */
const MAX_FLAGS = 32;

export function readList<Item>(reader: BinaryReader, read: (reader: BinaryReader) => Item): Item[] {
  const items: Item[] = [];
  for (let count = reader.unsigned(); count > 0; count -= 1) items.push(read(reader));
  return items;
}

export function readSort(reader: BinaryReader): Sort {
  const sort = SORTS[reader.byte()];
  if (sort === undefined) throw damaged('the component refers to something of an unknown sort');
  if (sort !== 'core') return sort;
  const core = CORE_SORTS[reader.byte()];
  if (core === undefined) throw damaged('the component refers to something of an unknown sort');
  return `core ${core}`;
}

/** The name of an import or export. */
export function readExternName(reader: BinaryReader): string {
  if (reader.byte() > 1) throw unsupported('it has a name of an unknown kind');
  return reader.name();
}

export function readExtern(reader: BinaryReader): Extern {
  const code = reader.byte();
  if (code === 0) {
    if (reader.byte() !== 0x11) throw damaged('the component imports something of an unknown sort');
    return { sort: 'core module', index: reader.unsigned() };
  }
  if (code === 1) return { sort: 'func', index: reader.unsigned() };
  if (code === 3) return { sort: 'type', equals: readFlag(reader, 'a type') ? undefined : reader.unsigned() };
  if (code === 4) return { sort: 'component', index: reader.unsigned() };
  if (code === 5) return { sort: 'instance', index: reader.unsigned() };
  throw unsupported('it imports or exports a value');
}

export function readAlias(reader: BinaryReader): Alias {
  const sort = readSort(reader);
  const target = reader.byte();
  if (target === 0 || target === 1) {
    const instance = reader.unsigned();
    return { sort, of: target === 0 ? 'export' : 'core export', instance, name: reader.name() };
  }
  if (target !== 2) throw damaged('the component has an alias of an unknown kind');
  return { sort, of: 'outer', count: reader.unsigned(), index: reader.unsigned() };
}

export function readType(reader: BinaryReader): TypeSyntax {
  const code = reader.bytes[reader.at];
  if (code === 0x40) return readFunction(reader);
  if (code === 0x43) throw unsupported('it has an asynchronous function of WASI 0.3');
  if (code === 0x41 || code === 0x42) {
    reader.byte();
    const declarations = readList(reader, readDeclaration);
    return { kind: code === 0x41 ? 'component' : 'instance', declarations };
  }
  if (code === 0x3f) {
    reader.byte();
    if (reader.byte() !== 0x7f) throw unsupported('it has a resource that is not represented by an i32');
    return { kind: 'resource', destructor: readOptional(reader, (each) => each.unsigned()) };
  }
  return readValue(reader);
}

function readFunction(reader: BinaryReader): TypeSyntax {
  reader.byte();
  const params = readList(reader, readLabelled);
  if (!readFlag(reader, 'a list of results')) return { kind: 'func', params, result: readRef(reader) };
  if (reader.byte() !== 0) throw unsupported('it has a function with several results');
  return { kind: 'func', params, result: undefined };
}

function readValue(reader: BinaryReader): ValueSyntax {
  const code = reader.byte();
  const name = PRIMITIVES[code];
  if (name !== undefined) return { kind: 'primitive', name };
  switch (code) {
    case 0x72:
      return { kind: 'record', fields: filled(readList(reader, readLabelled)) };
    case 0x6f:
      return {
        kind: 'record',
        fields: filled(readList(reader, readRef).map((type, index) => [`${index}`, type] as const)),
      };
    case 0x71:
      return { kind: 'variant', cases: filled(readList(reader, readCase)) };
    case 0x6d:
      return {
        kind: 'variant',
        cases: filled(readList(reader, (each) => [each.name(), undefined] as const)),
      };
    case 0x6b:
      return {
        kind: 'variant',
        cases: [
          ['none', undefined],
          ['some', readRef(reader)],
        ],
      };
    case 0x6a: {
      const ok = readOptional(reader, readRef);
      return {
        kind: 'variant',
        cases: [
          ['ok', ok],
          ['error', readOptional(reader, readRef)],
        ],
      };
    }
    case 0x70:
      return { kind: 'list', of: readRef(reader) };
    case 0x6e: {
      const names = filled(readList(reader, (each) => each.name()));
      if (names.length > MAX_FLAGS) throw unsupported(`it has a type with more than ${MAX_FLAGS} flags`);
      return { kind: 'flags', names };
    }
    case 0x69:
      return { kind: 'own', resource: reader.unsigned() };
    case 0x68:
      return { kind: 'borrow', resource: reader.unsigned() };
    default:
      throw unsupported(`it has a type of the kind 0x${code.toString(16)}, which WASI 0.2 does not have`);
  }
}

/** Each element takes memory, so that the length of what a component writes there is bounded by it. */
function filled<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length === 0) throw damaged('the component has an empty type');
  return items;
}

function readRef(reader: BinaryReader): TypeRef {
  const code = reader.bytes[reader.at] ?? 0;
  if ((code & 0xc0) !== 0x40) return reader.unsigned();
  const primitive = PRIMITIVES[reader.byte()];
  if (primitive === undefined) throw unsupported('it has a type that WASI 0.2 does not have');
  return primitive;
}

function readLabelled(reader: BinaryReader): readonly [name: string, type: TypeRef] {
  return [reader.name(), readRef(reader)];
}

function readCase(reader: BinaryReader): readonly [name: string, type: TypeRef | undefined] {
  const name = reader.name();
  const type = readOptional(reader, readRef);
  if (reader.byte() !== 0) throw damaged('the component has a case that refines another');
  return [name, type];
}

function readOptional<Item>(reader: BinaryReader, read: (reader: BinaryReader) => Item): Item | undefined {
  return readFlag(reader, 'an optional part') ? read(reader) : undefined;
}

function readFlag(reader: BinaryReader, what: string): boolean {
  const code = reader.byte();
  if (code > 1) throw damaged(`the component has ${what} of an unknown kind`);
  return code === 1;
}

function readDeclaration(reader: BinaryReader): Declaration {
  const code = reader.byte();
  if (code === 1) return { kind: 'type', type: readType(reader) };
  if (code === 2) return { kind: 'alias', alias: readAlias(reader) };
  if (code === 3 || code === 4) {
    const name = readExternName(reader);
    return { kind: code === 3 ? 'import' : 'export', name, extern: readExtern(reader) };
  }
  throw unsupported('it describes core modules in its types');
}
