/** An instance's memory, as bytes. */
import { createClear } from './clear-memory.ts';

export class LinearMemory {
  readonly memory: WebAssemblyMemory;
  #bytes = new Uint8Array(0);
  #wasZeroed = false;
  #clear: ReturnType<typeof createClear> | undefined;

  constructor(memory: WebAssemblyMemory) {
    this.memory = memory;
  }

  /** All of it. Growing detaches the buffer, so it is looked at anew. */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.memory.buffer);
    return this.#bytes;
  }

  /** @throws RangeError outside the memory */
  part(pointer: number, length: number): Uint8Array {
    const { bytes } = this;
    const from = pointer >>> 0;
    const end = from + (length >>> 0);
    if (end > bytes.length) throw new RangeError(`The memory ends before ${end}`);
    return bytes.subarray(from, end);
  }

  /** Makes all of it zero. What does it fast is made for a memory that is seen a second time. */
  zero(): void {
    const { bytes } = this;
    if (this.#wasZeroed) {
      this.#clear ??= createClear(this.memory);
      this.#clear(0, bytes.length);
    } else {
      this.#wasZeroed = true;
      bytes.fill(0);
    }
  }
}
