import { boundTables } from './bound-tables.ts';
import { type DataSpan, findDataSpan } from './data-span.ts';
import { applyEdits, type Edit } from './edit-module.ts';
import { boundsOf, importMemory, type MemoryBounds, PAGE_BYTES } from './import-memory.ts';
import { keepsTables } from './keeps-tables.ts';
import { type ModuleOutline, SECTION } from './module-outline.ts';
import { exportGlobals, findMutableGlobals } from './mutable-globals.ts';

/**
 * What an instance may have changed when it is done: its memory, and these globals, which it exports. One in
 * which they are put back cannot be told from a new one.
 */
export interface InstanceState {
  readonly globals: readonly string[];
  /** Where memory is not zero at the start; undefined when a start function may write wherever it likes. */
  readonly data: DataSpan | undefined;
  /** Whether there is a start function, which may do another thing each time if it asks the host. */
  readonly starts: boolean;
}

export interface PreparedModule extends MemoryBounds {
  readonly bytes: Uint8Array;
  /** Undefined for a module that may change more. */
  readonly state: InstanceState | undefined;
}

/**
 * The module with bounds for its memory, which it imports, and for its tables, and with its globals exported.
 * @param maxBytes of its memory
 * @param growth of each of its tables, in elements
 */
export function prepareModule(
  bytes: Uint8Array,
  outline: ModuleOutline,
  maxBytes: number,
  growth: number,
): PreparedModule {
  const bounds = boundsOf(outline.memories[0], maxBytes);
  const found = findState(bytes, outline, bounds.minPages * PAGE_BYTES);
  const edits = [
    ...importMemory(bytes, outline, bounds),
    ...boundTables(bytes, outline, growth),
    ...(found?.edits ?? []),
  ];
  return { bytes: applyEdits(bytes, edits), ...bounds, state: found?.state };
}

interface FoundState {
  readonly edits: readonly Edit[];
  readonly state: InstanceState;
}

/** What cannot be read is not looked into: the engine says what is wrong with it. */
function findState(bytes: Uint8Array, outline: ModuleOutline, memoryBytes: number): FoundState | undefined {
  try {
    return readState(bytes, outline, memoryBytes);
  } catch {
    return undefined;
  }
}

function readState(bytes: Uint8Array, outline: ModuleOutline, memoryBytes: number): FoundState | undefined {
  // Which memory its data goes to, and what else does, is known to the other modules of its component.
  if (outline.sections.has(SECTION.data) && outline.imports.some(({ kind }) => kind === 'memory'))
    return undefined;
  const globals = findMutableGlobals(bytes, outline);
  if (globals === undefined || !keepsTables(bytes, outline)) return undefined;
  const exported = exportGlobals(bytes, outline, globals);
  if (exported === undefined) return undefined;
  const starts = outline.sections.has(SECTION.start);
  const data = starts ? undefined : findDataSpan(bytes, outline, memoryBytes);
  return { edits: exported.edits, state: { globals: exported.names, data, starts } };
}
