/** The module's linear memory. Whatever it points at is checked: a wild pointer ends the call with EFAULT. */
import { fail } from './errno.ts';

/** Vectors that one call may pass. */
const MAX_VECTORS = 1024;
const U32 = 2 ** 32;

export class ModuleMemory {
  readonly #memory: WebAssemblyMemory;
  #view = new DataView(new ArrayBuffer(0));
  #bytes = new Uint8Array(0);

  constructor(memory: WebAssemblyMemory) {
    this.#memory = memory;
  }

  /** Growing detaches the buffer, so it is looked at anew. */
  #refresh(): void {
    const { buffer } = this.#memory;
    this.#view = new DataView(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  get view(): DataView {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#view;
  }

  bytes(pointer: number, length: number): Uint8Array {
    if (this.#bytes.length === 0) this.#refresh();
    const from = pointer >>> 0;
    const end = from + (length >>> 0);
    if (end > this.#bytes.length) fail('fault');
    return this.#bytes.subarray(from, end);
  }

  u32(pointer: number): number {
    return this.view.getUint32(pointer >>> 0, true);
  }

  setU8(pointer: number, value: number): void {
    this.view.setUint8(pointer >>> 0, value);
  }

  setU16(pointer: number, value: number): void {
    this.view.setUint16(pointer >>> 0, value, true);
  }

  setU32(pointer: number, value: number): void {
    this.view.setUint32(pointer >>> 0, value, true);
  }

  /** A whole number that fits into a double. */
  setU64(pointer: number, value: number): void {
    const { view } = this;
    view.setUint32(pointer >>> 0, value % U32, true);
    view.setUint32((pointer >>> 0) + 4, Math.floor(value / U32), true);
  }

  setBig(pointer: number, value: bigint): void {
    this.view.setBigUint64(pointer >>> 0, value, true);
  }

  big(pointer: number): bigint {
    return this.view.getBigUint64(pointer >>> 0, true);
  }

  text(pointer: number, length: number): string {
    try {
      return runtime.decodeUtf8(this.bytes(pointer, length), true);
    } catch {
      return fail('ilseq');
    }
  }

  /** The parts of memory that a read or a write names. */
  vectors(pointer: number, count: number): readonly Uint8Array[] {
    if (count >>> 0 > MAX_VECTORS) fail('inval');
    const parts: Uint8Array[] = [];
    for (let index = 0; index < count; index += 1) {
      const at = (pointer >>> 0) + index * 8;
      parts.push(this.bytes(this.u32(at), this.u32(at + 4)));
    }
    return parts;
  }
}
