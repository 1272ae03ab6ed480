import { BinaryReader, damaged } from '../binary-reader.ts';
import { readAlias, readExtern, readExternName, readList, readSort, readType } from './read-types.ts';
import type { CanonOptions, Definition, Named } from './syntax.ts';
import { unsupported } from './unsupported.ts';

const HEADER_BYTES = 8;
/** Components within components. */
const MAX_DEPTH = 16;
/** What says how its modules are put together. A component of a large program has some 50 KB of it. */
const MAX_DEFINITION_BYTES = 512 * 1024;
const RESOURCE_OPERATIONS: Readonly<Record<number, 'new' | 'drop' | 'rep'>> = {
  2: 'new',
  3: 'drop',
  4: 'rep',
};

/**
 * Reads the definitions of a component, in their order.
 * @throws HS_WASM_INVALID where the bytes are no component of WASI 0.2
 */
export function readComponent(bytes: Uint8Array): Definition[] {
  return readDefinitions(bytes, 0, bytes.length, { depth: 0, budget: { bytes: MAX_DEFINITION_BYTES } });
}

interface Nesting {
  readonly depth: number;
  readonly budget: { bytes: number };
}

function readDefinitions(
  bytes: Uint8Array,
  from: number,
  end: number,
  { depth, budget }: Nesting,
): Definition[] {
  if (depth > MAX_DEPTH) throw damaged(`the component has more than ${MAX_DEPTH} others within each other`);
  const definitions: Definition[] = [];
  const reader = new BinaryReader(bytes, from + HEADER_BYTES, end);
  while (!reader.done) {
    const id = reader.byte();
    const length = reader.unsigned();
    const start = reader.at;
    reader.skip(length);
    if (id === 0) continue; // A custom section.
    if (id === 1) definitions.push({ kind: 'core module', bytes: bytes.subarray(start, reader.at) });
    else if (id === 4) {
      const inner = readDefinitions(bytes, start, reader.at, { depth: depth + 1, budget });
      definitions.push({ kind: 'component', definitions: inner });
    } else if (id !== 3) {
      budget.bytes -= length;
      if (budget.bytes < 0)
        throw damaged(`the component has more than ${MAX_DEFINITION_BYTES} bytes of definitions`);
      const content = new BinaryReader(bytes, start, reader.at);
      for (const definition of readSection(id, content)) definitions.push(definition);
      if (!content.done) throw damaged('a section of the component is longer than what is in it');
    }
  }
  return definitions;
}

function readSection(id: number, reader: BinaryReader): Definition[] {
  switch (id) {
    case 2:
      return readList(reader, readCoreInstance);
    case 5:
      return readList(reader, readInstance);
    case 6:
      return readList(reader, (each) => ({ kind: 'alias', alias: readAlias(each) }));
    case 7:
      return readList(reader, (each) => ({ kind: 'type', type: readType(each) }));
    case 8:
      return readList(reader, readCanon);
    case 10:
      return readList(reader, (each) => ({
        kind: 'import',
        name: readExternName(each),
        extern: readExtern(each),
      }));
    case 11:
      return readList(reader, readExport);
    case 9:
      throw unsupported('it has a start function of the component model');
    default:
      throw damaged(`the component has a section of the unknown kind ${id}`);
  }
}

function readCoreInstance(reader: BinaryReader): Definition {
  if (readKind(reader) === 'made of others')
    return {
      kind: 'core instance',
      module: undefined,
      items: readList(reader, (each) => [each.name(), ...readCoreItem(each)] as const),
    };
  const module = reader.unsigned();
  const items = readList(reader, (each) => [each.name(), ...readCoreItem(each)] as const);
  return { kind: 'core instance', module, items };
}

/** In a core instance, sorts are written without the byte that says that they are core ones. */
function readCoreItem(reader: BinaryReader): readonly [Named[1], number] {
  const sort = readSort(new BinaryReader(Uint8Array.from([0, reader.byte()])));
  return [sort, reader.unsigned()];
}

function readInstance(reader: BinaryReader): Definition {
  if (readKind(reader) === 'made of others')
    return {
      kind: 'instance',
      component: undefined,
      items: readList(reader, (each) => [readExternName(each), readSort(each), each.unsigned()] as const),
    };
  const component = reader.unsigned();
  const items = readList(reader, (each) => [each.name(), readSort(each), each.unsigned()] as const);
  return { kind: 'instance', component, items };
}

function readKind(reader: BinaryReader): 'instantiated' | 'made of others' {
  const code = reader.byte();
  if (code > 1) throw damaged('the component has an instance of an unknown kind');
  return code === 0 ? 'instantiated' : 'made of others';
}

function readCanon(reader: BinaryReader): Definition {
  const code = reader.byte();
  if (code === 0 || code === 1) {
    if (reader.byte() !== 0) throw damaged('the component has a function of an unknown kind');
    const func = reader.unsigned();
    const options = readOptions(reader);
    return code === 0
      ? { kind: 'lift', func, options, type: reader.unsigned() }
      : { kind: 'lower', func, options };
  }
  const operation = RESOURCE_OPERATIONS[code];
  if (operation === undefined) throw unsupported('it uses a built-in function of WASI 0.3');
  return { kind: 'resource', operation, type: reader.unsigned() };
}

function readOptions(reader: BinaryReader): CanonOptions {
  let memory: number | undefined;
  let realloc: number | undefined;
  let postReturn: number | undefined;
  for (let count = reader.unsigned(); count > 0; count -= 1) {
    const code = reader.byte();
    if (code === 3) memory = reader.unsigned();
    else if (code === 4) realloc = reader.unsigned();
    else if (code === 5) postReturn = reader.unsigned();
    else if (code === 1 || code === 2) throw unsupported('its texts are in UTF-16');
    else if (code !== 0) throw unsupported('it has an asynchronous function of WASI 0.3');
  }
  return { memory, realloc, postReturn };
}

function readExport(reader: BinaryReader): Definition {
  const name = readExternName(reader);
  const sort = readSort(reader);
  const index = reader.unsigned();
  if (reader.byte() === 1) readExtern(reader);
  return { kind: 'export', name, sort, index };
}
