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
  readonly data: DataSpan;
}

export interface PreparedModule extends MemoryBounds {
  readonly bytes: Uint8Array;
  /** Undefined for a module that may change more. */
  readonly state: InstanceState | undefined;
}

/** The module with bounds for its memory, which it imports, and for its tables, and with its globals exported. */
export function prepareModule(bytes: Uint8Array, outline: ModuleOutline, maxBytes: number): PreparedModule {
  const bounds = boundsOf(outline.memories[0], maxBytes);
  const found = findState(bytes, outline, bounds.minPages * PAGE_BYTES);
  const edits = [
    ...importMemory(bytes, outline, bounds),
    ...boundTables(bytes, outline),
    ...(found?.edits ?? []),
  ];
  return { bytes: applyEdits(bytes, edits), ...bounds, state: found?.state };
}

/** As {@link prepareModule}, of a module whose instances are made anew each time. */
export function boundModule(bytes: Uint8Array, outline: ModuleOutline, maxBytes: number): Uint8Array {
  const bounds = boundsOf(outline.memories[0], maxBytes);
  return applyEdits(bytes, [...importMemory(bytes, outline, bounds), ...boundTables(bytes, outline)]);
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
  // What a start function did may differ from one instance to the next.
  if (outline.sections.has(SECTION.start)) return undefined;
  const globals = findMutableGlobals(bytes, outline);
  if (globals === undefined || !keepsTables(bytes, outline)) return undefined;
  const exported = exportGlobals(bytes, outline, globals);
  if (exported === undefined) return undefined;
  const data = findDataSpan(bytes, outline, memoryBytes);
  return { edits: exported.edits, state: { globals: exported.names, data } };
}
