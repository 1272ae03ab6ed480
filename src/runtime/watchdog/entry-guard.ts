/**
 * Tells the watchdog thread, through shared memory, whether the main thread is inside an isolate and
 * for how long it may stay there.
 */
const SEQUENCE = 0;
const LIMIT_MS = 1;

export const GUARD_BYTES = 8;

export class EntryGuard {
  readonly shared: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(GUARD_BYTES)) {
    this.shared = shared;
    this.#cells = new Int32Array(shared);
  }

  /** An odd number while an entry is in progress; each entry has its own. */
  get sequence(): number {
    return Atomics.load(this.#cells, SEQUENCE);
  }

  get limitMs(): number {
    return Atomics.load(this.#cells, LIMIT_MS);
  }

  begin(limitMs: number): void {
    Atomics.store(this.#cells, LIMIT_MS, limitMs);
    Atomics.add(this.#cells, SEQUENCE, 1);
  }

  end(): void {
    Atomics.add(this.#cells, SEQUENCE, 1);
  }
}
