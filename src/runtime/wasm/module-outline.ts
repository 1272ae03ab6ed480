import { BinaryReader, damaged } from './binary-reader.ts';

/** Limits of a memory, in pages of 64 KiB, or of a table, in elements. */
export interface SizeLimits {
  readonly min: number;
  readonly max: number | undefined;
  readonly shared: boolean;
  readonly is64: boolean;
}

/** A table, and where its limits are written. */
export interface TableOutline extends SizeLimits {
  /** First byte of its element type. */
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  readonly kind: 'function' | 'table' | 'memory' | 'global' | 'tag';
}

/** What a module says about itself before it is compiled. */
export interface ModuleOutline {
  readonly imports: readonly ModuleImport[];
  readonly exports: ReadonlyMap<string, 'function' | 'table' | 'memory' | 'global' | 'tag'>;
  readonly memories: readonly SizeLimits[];
  readonly tables: readonly TableOutline[];
  /** Those that the format knows, by their ids. */
  readonly sections: ReadonlyMap<number, Section>;
  /** Where an import section belongs when there is none. */
  readonly importPoint: number;
  readonly functions: number;
}

/** Offsets in the module; `start` is that of the header. */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** https://webassembly.github.io/spec/core/binary/modules.html#sections */
export const SECTION = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;
/** Those that are looked at come once, and in the order of their ids; that of the data's count comes out of turn. */
const ORDERED: ReadonlySet<number> = new Set(Object.values(SECTION).filter((id) => id !== SECTION.dataCount));
const REWRITTEN: ReadonlySet<number> = new Set([
  SECTION.import,
  SECTION.table,
  SECTION.memory,
  SECTION.export,
]);
const KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const;
const HEADER_BYTES = 8;
const MAGIC = [0x00, 0x61, 0x73, 0x6d] as const;

/** What the first bytes say that a file is. */
export function formatOf(bytes: Uint8Array): 'module' | 'component' | 'other' {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return 'other';
  if (bytes[4] === 1 && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0) return 'module';
  return bytes[6] === 1 && bytes[7] === 0 ? 'component' : 'other';
}

/**
 * Reads the sections that matter. The module is not validated: the engine does that when it compiles.
 * @throws HS_WASM_INVALID where the bytes are no module
 */
export function readOutline(bytes: Uint8Array): ModuleOutline {
  const imports: ModuleImport[] = [];
  const exports = new Map<string, (typeof KINDS)[number]>();
  const memories: SizeLimits[] = [];
  const tables: TableOutline[] = [];
  const sections = new Map<number, Section>();
  let importPoint = HEADER_BYTES;
  let functions = 0;
  let newest = 0;
  const reader = new BinaryReader(bytes, HEADER_BYTES);
  while (!reader.done) {
    const start = reader.at;
    const id = reader.byte();
    const length = reader.unsigned();
    const section: Section = { id, start, contentStart: reader.at, end: reader.at + length };
    reader.skip(length);
    if (ORDERED.has(id)) {
      if (id <= newest) throw damaged('the sections of the module are not in their order');
      newest = id;
    }
    sections.set(id, section);
    const content = new BinaryReader(bytes, section.contentStart, section.end);
    if (id === SECTION.type) importPoint = section.end;
    if (id === SECTION.import) imports.push(...readList(content, readImport));
    else if (id === SECTION.function) functions = content.unsigned();
    else if (id === SECTION.memory) memories.push(...readList(content, readLimits));
    else if (id === SECTION.table) tables.push(...readList(content, readTable));
    else if (id === SECTION.export)
      for (const [name, kind] of readList(content, readExport)) exports.set(name, kind);
    // What is left over would be taken for a part of what is added when the module is rewritten.
    if (REWRITTEN.has(id) && !content.done) throw damaged('a section of the module is longer than its list');
  }
  return { imports, exports, memories, tables, sections, importPoint, functions };
}

export function readList<Item>(reader: BinaryReader, read: (reader: BinaryReader) => Item): Item[] {
  const items: Item[] = [];
  for (let count = reader.unsigned(); count > 0; count -= 1) items.push(read(reader));
  return items;
}

function kindOf(code: number): (typeof KINDS)[number] {
  const kind = KINDS[code];
  if (kind === undefined) throw damaged(`the module has something of the unknown kind ${code}`);
  return kind;
}

function readImport(reader: BinaryReader): ModuleImport {
  const module = reader.name();
  const name = reader.name();
  const kind = kindOf(reader.byte());
  if (kind === 'function') reader.unsigned();
  else if (kind === 'table') readTable(reader);
  else if (kind === 'memory') readLimits(reader);
  else if (kind === 'global') {
    readValueType(reader);
    reader.byte();
  } else {
    reader.byte();
    reader.unsigned();
  }
  return { module, name, kind };
}

function readExport(reader: BinaryReader): readonly [string, (typeof KINDS)[number]] {
  const name = reader.name();
  const kind = kindOf(reader.byte());
  reader.unsigned();
  return [name, kind];
}

/** The first byte of a value type; one that names a heap type has a second part. */
export function readValueType(reader: BinaryReader): number {
  const code = reader.byte();
  if (code === 0x63 || code === 0x64) reader.skipNumber();
  return code;
}

export function readTable(reader: BinaryReader): TableOutline {
  // A table with an initial value is written with a prefix of two bytes.
  const isInitialized = reader.bytes[reader.at] === 0x40;
  if (isInitialized) reader.skip(2);
  const type = readValueType(reader);
  const start = reader.at;
  const limits = readLimits(reader);
  const end = reader.at;
  if (isInitialized) skipReference(reader);
  return { ...limits, type, start, end };
}

/** A constant expression that makes a reference: `ref.func`, `ref.null` or `global.get`. */
function skipReference(reader: BinaryReader): void {
  for (let code = reader.byte(); code !== 0x0b; code = reader.byte()) {
    if (code !== 0xd2 && code !== 0xd0 && code !== 0x23)
      throw damaged('the module has a table whose initial value is of an unknown kind');
    reader.unsigned();
  }
}

export function readLimits(reader: BinaryReader): SizeLimits {
  const flags = reader.byte();
  if (flags > 0x07) throw damaged('the module has limits of an unknown kind');
  const min = reader.unsigned();
  const max = (flags & 1) === 0 ? undefined : reader.unsigned();
  return { min, max, shared: (flags & 2) !== 0, is64: (flags & 4) !== 0 };
}
