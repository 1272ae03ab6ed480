const SMALLEST = 4_096;

/**
 * Gathers a body in one buffer that doubles as it fills. A client may send a chunk for each byte, and one that is kept
 * by itself takes some hundreds.
 */
export class BodyBuffer {
  readonly #mostBytes: number;
  readonly #hold: (bytes: number) => void;
  #buffer: Uint8Array = new Uint8Array(0);
  #used = 0;

  /**
   * @param mostBytes that will come
   * @param hold told of memory before it is taken; what it throws, `add` throws
   */
  constructor(mostBytes: number, hold: (bytes: number) => void) {
    this.#mostBytes = mostBytes;
    this.#hold = hold;
  }

  get length(): number {
    return this.#used;
  }

  /** @param chunk no more than what is still to come; it is the body's from now on */
  add(chunk: Uint8Array): void {
    const needed = this.#used + chunk.length;
    if (needed > this.#buffer.length) {
      const capacity = Math.min(this.#mostBytes, Math.max(needed, 2 * this.#buffer.length, SMALLEST));
      this.#hold(capacity - this.#buffer.length);
      if (chunk.length === capacity) {
        this.#buffer = chunk;
        this.#used = needed;
        return;
      }
      const larger = new Uint8Array(capacity);
      larger.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#used);
    this.#used = needed;
  }

  take(): Uint8Array {
    return this.#buffer.subarray(0, this.#used);
  }
}
