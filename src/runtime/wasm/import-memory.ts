import { encodeUnsigned } from './binary-reader.ts';
import { boundTables } from './bound-tables.ts';
import { type ModuleOutline, SECTION, type SizeLimits } from './module-outline.ts';

/** Bytes of a page of linear memory. */
export const PAGE_BYTES = 65_536;

/** Name under which a prepared module imports its memory. */
const MEMORY_IMPORT = { module: 'hairspring', name: 'memory' } as const;

/** https://webassembly.github.io/spec/core/binary/modules.html#import-section */
const KIND_MEMORY = 2;
const WITH_MAXIMUM = 1;

export interface PreparedModule {
  readonly bytes: Uint8Array;
  readonly minPages: number;
  readonly maxPages: number;
}

/**
 * The module with its memory imported instead of defined, and with bounds for it and for its tables. Isolates do not count linear
 * memory, so its maximum is what holds; and a memory that is given can be given again, zeroed, to the
 * next instance: making one costs several times what an instance costs (docs/decisions/0019).
 */
export function importMemory(bytes: Uint8Array, outline: ModuleOutline, maxBytes: number): PreparedModule {
  const [memory] = outline.memories;
  const limits = boundsOf(memory, maxBytes);
  if (memory === undefined || outline.memorySection === undefined) return { bytes, ...limits };
  const entry = [
    ...encodeName(MEMORY_IMPORT.module),
    ...encodeName(MEMORY_IMPORT.name),
    KIND_MEMORY,
    WITH_MAXIMUM,
    ...encodeUnsigned(limits.minPages),
    ...encodeUnsigned(limits.maxPages),
  ];
  const { importSection, imports, memorySection, tableSection } = outline;
  const count = encodeUnsigned(imports.length + 1);
  const entries =
    importSection === undefined
      ? new Uint8Array(0)
      : bytes.subarray(importSection.contentStart + encodeUnsigned(imports.length).length, importSection.end);
  // Sections come in the order of their ids: types first, then imports.
  const at = importSection?.start ?? outline.importPoint;
  const after = importSection?.end ?? at;
  const length = count.length + entries.length + entry.length;
  const parts = [
    bytes.subarray(0, at),
    Uint8Array.from([SECTION.import, ...encodeUnsigned(length), ...count]),
    entries,
    Uint8Array.from(entry),
    bytes.subarray(after, tableSection?.start ?? memorySection.start),
    boundTables(bytes, outline),
    bytes.subarray(tableSection?.end ?? memorySection.start, memorySection.start),
    bytes.subarray(memorySection.end),
  ];
  return { bytes: Buffer.concat(parts), ...limits };
}

function boundsOf(memory: SizeLimits | undefined, maxBytes: number): { minPages: number; maxPages: number } {
  const most = Math.floor(maxBytes / PAGE_BYTES);
  const minPages = memory?.min ?? 0;
  return { minPages, maxPages: Math.max(minPages, Math.min(memory?.max ?? most, most)) };
}

function encodeName(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...encodeUnsigned(bytes.length), ...bytes];
}
