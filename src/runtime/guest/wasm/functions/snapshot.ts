/** What an instance was like when it was new, and how it is made so again. */
import type { LinearMemory } from './linear-memory.ts';
import type { InstanceState } from './types.ts';

/** Copying more than this costs more than an instance does. */
const MAX_DATA_BYTES = 1024 ** 2;

export interface GlobalValue {
  readonly global: WebAssemblyGlobal;
  readonly value: number | bigint;
}

/** What an instance's globals hold now; undefined when one of them cannot be put back. */
export function readGlobals(
  exports: WebAssemblyInstance['exports'],
  { globals }: InstanceState,
): readonly GlobalValue[] | undefined {
  const values: GlobalValue[] = [];
  for (const name of globals) {
    const global = exports[name] as WebAssemblyGlobal;
    const { value } = global;
    // There are many of them, and reading one does not tell which.
    if (Number.isNaN(value)) return undefined;
    values.push({ global, value });
  }
  return values;
}

/** The memory of a new instance, which is the same for all instances of a module. */
export class MemoryImage {
  readonly #start: number;
  readonly #data: Uint8Array;

  /** @returns undefined when there is too much to copy */
  static take({ bytes }: LinearMemory, { data }: InstanceState): MemoryImage | undefined {
    if (data.end - data.start > MAX_DATA_BYTES) return undefined;
    return new MemoryImage(data.start, bytes.slice(data.start, data.end));
  }

  private constructor(start: number, data: Uint8Array) {
    this.#start = start;
    this.#data = data;
  }

  restore(memory: LinearMemory): void {
    memory.zero();
    if (this.#data.length > 0) memory.bytes.set(this.#data, this.#start);
  }
}
