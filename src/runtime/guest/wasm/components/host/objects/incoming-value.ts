/** The content of an object, or of a part of it, on its way to a component. */
import type { SlowInputStream } from '../stream-objects.ts';
import { type Container, type ObjectInfo, refusal } from './container.ts';

/** What one call gives as a list of bytes, as `bytes()` of a function in JavaScript. */
const MAX_LIST_BYTES = 16 * 1024 ** 2;
const NOTHING = new Uint8Array(0);

/** An object that was found; nothing of it is read before it is consumed. */
export class IncomingValue {
  readonly #container: Container;
  readonly #info: ObjectInfo;
  readonly #from: number;
  readonly #to: number;

  /**
   * @param start the first byte
   * @param end the last one; what is behind the end of the object is none
   */
  constructor(container: Container, info: ObjectInfo, start: bigint, end: bigint) {
    if (start > end)
      throw refusal(
        'HS_HOST_CALL_INVALID',
        `Cannot get ${container.shown(info.name)}: its part from byte ${start} to byte ${end} begins behind its end`,
      );
    const { size } = info;
    this.#container = container;
    this.#info = info;
    this.#to = end >= BigInt(size) ? size : Number(end) + 1;
    this.#from = Math.min(Number(start), this.#to);
  }

  get size(): number {
    return this.#to - this.#from;
  }

  async open(): Promise<IncomingStream> {
    const { size } = this;
    const handle = size === 0 ? undefined : await this.#container.open(this.#info);
    const isToItsEnd = this.#to === this.#info.size;
    return new IncomingStream(this.#container, { handle, skipped: this.#from, length: size, isToItsEnd });
  }

  /** @throws HS_OBJECT_TOO_LARGE, and what reading does */
  async bytes(): Promise<Uint8Array> {
    const { size } = this;
    if (size > MAX_LIST_BYTES)
      throw refusal(
        'HS_OBJECT_TOO_LARGE',
        `Cannot read ${this.#container.shown(this.#info.name)} as one list: its ${size} bytes are over the limit of ${MAX_LIST_BYTES}; consume it as a stream`,
      );
    const stream = await this.open();
    const bytes = new Uint8Array(size);
    for (let at = 0; !stream.isAtEnd; ) {
      await stream.pending();
      if (stream.failure !== undefined) throw stream.failure;
      const part = stream.read(size);
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}

interface Part {
  /** Undefined where there is nothing to read. */
  readonly handle: number | undefined;
  /** How many bytes come before it, which the store cannot leave out. */
  readonly skipped: number;
  readonly length: number;
  /** Whether the host can compare the digest in the end, which it does before it says that there is no more. */
  readonly isToItsEnd: boolean;
}

/** Asks for the next chunk when the component wants more than it has. */
export class IncomingStream implements SlowInputStream {
  readonly #container: Container;
  readonly #isToItsEnd: boolean;
  #handle: number | undefined;
  #skipped: number;
  #left: number;
  #chunk: Uint8Array = NOTHING;
  #fetching: Promise<void> | undefined;
  failure: unknown;

  constructor(container: Container, { handle, skipped, length, isToItsEnd }: Part) {
    this.#container = container;
    this.#handle = handle;
    this.#skipped = skipped;
    this.#left = length;
    this.#isToItsEnd = isToItsEnd;
  }

  get isAtEnd(): boolean {
    return this.#chunk.length === 0 && this.#handle === undefined && this.failure === undefined;
  }

  read(length: number): Uint8Array {
    const part = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(part.length);
    return part;
  }

  pending(): Promise<void> | undefined {
    if (this.#chunk.length > 0 || this.#handle === undefined) return undefined;
    this.#fetching ??= this.#fetch(this.#handle);
    return this.#fetching;
  }

  async #fetch(handle: number): Promise<void> {
    try {
      const chunk = await this.#container.next(handle);
      if (chunk === undefined) this.#handle = undefined;
      else this.#take(chunk);
    } catch (error) {
      this.#handle = undefined;
      this.failure = error;
    }
    this.#fetching = undefined;
  }

  #take(chunk: Uint8Array): void {
    const skipped = Math.min(this.#skipped, chunk.length);
    this.#skipped -= skipped;
    this.#chunk = chunk.subarray(skipped, skipped + this.#left);
    this.#left -= this.#chunk.length;
    if (this.#left === 0 && !this.#isToItsEnd) this.dropped();
  }

  dropped(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined) void this.#container.close(handle);
  }
}
