/** What an instance was like when it was new, and how it is made so again. */
import type { LinearMemory } from './linear-memory.ts';
import type { DataSpan, InstanceState } from './types.ts';

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

/** The memory of a new instance, which is the same for all instances of a function. */
export class MemoryImage {
  readonly #start: number;
  readonly #data: Uint8Array;

  /**
   * @param span where it is not zero; undefined when that is not known
   * @returns undefined when there is too much to copy
   */
  static take({ bytes }: LinearMemory, span: DataSpan | undefined): MemoryImage | undefined {
    const { start, end } = span ?? findSpan(bytes);
    if (end - start > MAX_DATA_BYTES) return undefined;
    return new MemoryImage(start, bytes.slice(start, end));
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

function findSpan({ buffer }: Uint8Array): DataSpan {
  const words = new BigInt64Array(buffer);
  let start = 0;
  while (start < words.length && words[start] === 0n) start += 1;
  let end = words.length;
  while (end > start && words[end - 1] === 0n) end -= 1;
  return { start: start * 8, end: end * 8 };
}
