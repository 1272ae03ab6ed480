import { BinaryReader, encodeName, encodeUnsigned } from './binary-reader.ts';
import { type Edit, sectionBytes } from './edit-module.ts';
import { type ModuleOutline, SECTION, type Section, type SizeLimits } from './module-outline.ts';

/** Bytes of a page of linear memory. */
export const PAGE_BYTES = 65_536;

/** Name under which a prepared module imports its memory. */
const MEMORY_IMPORT = { module: 'hairspring', name: 'memory' } as const;

/** https://webassembly.github.io/spec/core/binary/modules.html#import-section */
const KIND_MEMORY = 2;
const WITH_MAXIMUM = 1;

export interface MemoryBounds {
  readonly minPages: number;
  readonly maxPages: number;
}

export function boundsOf(memory: SizeLimits | undefined, maxBytes: number): MemoryBounds {
  const most = Math.floor(maxBytes / PAGE_BYTES);
  const minPages = memory?.min ?? 0;
  return { minPages, maxPages: Math.max(minPages, Math.min(memory?.max ?? most, most)) };
}

/**
 * Has the module import its memory, within bounds, instead of defining it. Isolates do not count linear
 * memory, so its maximum is what holds; and a memory that is given can be given again, zeroed, to the
 * next instance: making one costs several times what an instance costs (docs/decisions/0019).
 */
export function importMemory(
  bytes: Uint8Array,
  { sections, importPoint }: ModuleOutline,
  { minPages, maxPages }: MemoryBounds,
): readonly Edit[] {
  const memorySection = sections.get(SECTION.memory);
  if (memorySection === undefined) return [];
  const importSection = sections.get(SECTION.import);
  const { count, entries } = entriesOf(bytes, importSection);
  const content = Buffer.concat([
    Uint8Array.from(encodeUnsigned(count + 1)),
    entries,
    Uint8Array.from([
      ...encodeName(MEMORY_IMPORT.module),
      ...encodeName(MEMORY_IMPORT.name),
      KIND_MEMORY,
      WITH_MAXIMUM,
      ...encodeUnsigned(minPages),
      ...encodeUnsigned(maxPages),
    ]),
  ]);
  // Sections come in the order of their ids: types first, then imports.
  const start = importSection?.start ?? importPoint;
  const end = importSection?.end ?? start;
  return [
    { start, end, bytes: sectionBytes(SECTION.import, content) },
    { start: memorySection.start, end: memorySection.end, bytes: new Uint8Array(0) },
  ];
}

/** A section that is a list: how many entries, and all of them as they are. */
export function entriesOf(
  bytes: Uint8Array,
  section: Section | undefined,
): { readonly count: number; readonly entries: Uint8Array } {
  if (section === undefined) return { count: 0, entries: new Uint8Array(0) };
  const reader = new BinaryReader(bytes, section.contentStart, section.end);
  const count = reader.unsigned();
  return { count, entries: bytes.subarray(reader.at, section.end) };
}
