/** Where the values of one component instance are: its memory and its handles. */
import type { Handles } from './handles.ts';

/** Of the buffer that was looked at last. */
let newestBuffer: ArrayBuffer | undefined;
let newestView = new DataView(new ArrayBuffer(0));
let newestBytes = new Uint8Array(0);

export class Place {
  readonly handles: Handles;
  readonly #memory: WebAssemblyMemory | undefined;
  readonly #realloc: ((old: number, oldSize: number, align: number, size: number) => number) | undefined;

  constructor(handles: Handles, memory: unknown, realloc: unknown) {
    this.handles = handles;
    this.#memory = memory as WebAssemblyMemory | undefined;
    this.#realloc = realloc as typeof this.realloc | undefined;
  }

  #look(): void {
    const buffer = this.#memory?.buffer;
    if (buffer === newestBuffer && buffer !== undefined) return;
    if (buffer === undefined) throw new TypeError('The component has no memory for a value');
    // Growing detaches the buffer, so it is looked at anew.
    newestBuffer = buffer;
    newestView = new DataView(buffer);
    newestBytes = new Uint8Array(buffer);
  }

  get view(): DataView {
    this.#look();
    return newestView;
  }

  /** @throws RangeError for what is outside of the memory */
  bytes(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    this.#look();
    if (pointer + length > newestBytes.length) throw new RangeError('A value is outside of the memory');
    return newestBytes.subarray(pointer, pointer + length);
  }

  /** Room that the component gives for a value. */
  realloc(_old: number, _oldSize: number, align: number, size: number): number {
    // What is empty is nowhere, and needs only to be aligned.
    if (size === 0) return align;
    if (this.#realloc === undefined) throw new TypeError('The component gives no room for a value');
    const pointer = this.#realloc(0, 0, align, size) >>> 0;
    if (pointer % align !== 0) throw new TypeError('The component gives room that is not aligned');
    return pointer;
  }
}
