import { BinaryReader, encodeName, encodeUnsigned } from './binary-reader.ts';
import { skipConstant } from './constant-expression.ts';
import { type Edit, replaceSection } from './edit-module.ts';
import { entriesOf } from './import-memory.ts';
import { type ModuleOutline, readList, readValueType, SECTION } from './module-outline.ts';

/** A module with more of them is not put back: that would cost what a new instance costs. */
const MAX_GLOBALS = 32;
/** Prefix of the names under which they are exported. */
const EXPORT_PREFIX = 'hairspring_global_';
const KIND_GLOBAL = 3;

/** https://webassembly.github.io/spec/core/binary/types.html#value-types */
const NUMBERS: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7d, 0x7c]);
/** What never changes while nothing is assigned: numbers, and references to functions. */
const CONSTANTS: ReadonlySet<number> = new Set([...NUMBERS, 0x70]);

/**
 * Indexes of the globals of its own that a module may assign; one that it imports is another module's.
 * @returns undefined when a global holds what cannot be put back, or changes by itself
 */
export function findMutableGlobals(
  bytes: Uint8Array,
  { sections, imports }: ModuleOutline,
): readonly number[] | undefined {
  const section = sections.get(SECTION.global);
  if (section === undefined) return [];
  const reader = new BinaryReader(bytes, section.contentStart, section.end);
  const kinds = readList(reader, readGlobal);
  if (!reader.done || kinds.includes('other')) return undefined;
  const imported = imports.filter(({ kind }) => kind === 'global').length;
  const found = kinds.flatMap((kind, index) => (kind === 'mutable' ? [imported + index] : []));
  return found.length > MAX_GLOBALS ? undefined : found;
}

type GlobalKind = 'mutable' | 'constant' | 'other';

function readGlobal(reader: BinaryReader): GlobalKind {
  const type = readValueType(reader);
  const mutability = reader.byte();
  if (!skipConstant(reader)) {
    reader.at = reader.end; // The rest is not looked at.
    return 'other';
  }
  if (mutability === 0) return CONSTANTS.has(type) ? 'constant' : 'other';
  return mutability === 1 && NUMBERS.has(type) ? 'mutable' : 'other';
}

export interface GlobalExports {
  readonly edits: readonly Edit[];
  readonly names: readonly string[];
}

/**
 * Exports globals, so that the host can read and set them.
 * @returns undefined when the module has taken the names
 */
export function exportGlobals(
  bytes: Uint8Array,
  { exports, sections }: ModuleOutline,
  globals: readonly number[],
): GlobalExports | undefined {
  const names = globals.map((index) => `${EXPORT_PREFIX}${index}`);
  if (names.length === 0) return { edits: [], names };
  const section = sections.get(SECTION.export);
  if (section === undefined || names.some((name) => exports.has(name))) return undefined;
  const { count, entries } = entriesOf(bytes, section);
  const content = Buffer.concat([
    Uint8Array.from(encodeUnsigned(count + names.length)),
    entries,
    Uint8Array.from(
      globals.flatMap((index, at) => [...encodeName(names[at] ?? ''), KIND_GLOBAL, ...encodeUnsigned(index)]),
    ),
  ]);
  return { edits: [replaceSection(section, content)], names };
}
