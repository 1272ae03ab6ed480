/** What an invocation writes as its reply, in a buffer that is used again by the next one. */

/** A larger buffer is given up. */
const MAX_KEPT_BYTES = 64 * 1024;
const FIRST_BYTES = 1024;
const NOTHING = new Uint8Array(0);

export class Output {
  readonly #maxBytes: number;
  #bytes: Uint8Array = NOTHING;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = NOTHING;
  }

  /** @returns whether there is room for it */
  write(part: Uint8Array): boolean {
    const end = this.#length + part.length;
    if (end > this.#maxBytes) return false;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.set(part, this.#length);
    this.#length = end;
    return true;
  }

  #grow(least: number): void {
    const room = Math.min(this.#maxBytes, Math.max(least, this.#bytes.length * 2, FIRST_BYTES));
    const bytes = new Uint8Array(room);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }

  /** All that was written, where it is: what the next invocation writes takes its place. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
