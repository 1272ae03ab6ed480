/** The linear memories of the instances of a component: given to one, and zeroed for the next. */
import { MemoryExceeded } from './instances.ts';
import type { GuestContext, ModuleSpec } from './types.ts';

export type MemoryBounds = Pick<ModuleSpec, 'minPages' | 'maxPages' | 'memoryBytes'>;

const PAGE_BYTES = 65_536;
/** Zeroing a larger memory costs more than making one. */
const MAX_KEPT_BYTES = 4 * 1024 ** 2;
const MAX_KEPT = 8;

export class Memories {
  readonly #inUse = new Set<WebAssemblyMemory>();
  readonly #kept: WebAssemblyMemory[] = [];
  readonly #spec: MemoryBounds;
  /** Of the memory that was zeroed last, which is most often the next one, too. */
  #newest = new Uint8Array(0);

  constructor(spec: MemoryBounds) {
    this.#spec = spec;
  }

  /** A memory full of zeros. */
  acquire(): WebAssemblyMemory {
    const { minPages, maxPages } = this.#spec;
    const memory = this.#kept.pop() ?? new runtime.wasm.Memory({ initial: minPages, maximum: maxPages });
    this.#inUse.add(memory);
    try {
      this.check();
    } catch (error) {
      this.release(memory);
      throw error;
    }
    return memory;
  }

  /** An instance that waits when its invocation ends never goes on, and nobody releases its memory. */
  forgetAtEnd(memory: WebAssemblyMemory, { signal }: GuestContext): void {
    signal.addEventListener('abort', () => this.#inUse.delete(memory));
  }

  /** The instance is over. What has grown cannot shrink, and is let go. */
  release(memory: WebAssemblyMemory): void {
    this.#inUse.delete(memory);
    const { buffer } = memory;
    const bytes = this.#spec.minPages * PAGE_BYTES;
    if (buffer.byteLength !== bytes || bytes > MAX_KEPT_BYTES || this.#kept.length >= MAX_KEPT) return;
    if (this.#newest.buffer !== buffer) this.#newest = new Uint8Array(buffer);
    this.#newest.fill(0);
    this.#kept.push(memory);
  }

  /** Asked whenever an instance begins or goes on: in between only one can have grown. */
  check(): void {
    if (this.#inUse.size < 2) return;
    let bytes = 0;
    for (const { buffer } of this.#inUse) bytes += buffer.byteLength;
    if (bytes > this.#spec.memoryBytes)
      throw new MemoryExceeded(`its instances hold ${bytes} bytes of memory together`);
  }
}
