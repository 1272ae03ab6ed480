/**
 * Tells the watchdog thread, through shared memory, whether the main thread is inside an isolate and
 * for how long it may stay there.
 */
const SEQUENCE = 0;
const LIMIT_MS = 1;
const STRETCH_PERCENT = 2;

export const GUARD_BYTES = 12;

/** On the busiest machine a limit is stretched to so many times its length. */
const MAX_STRETCH_PERCENT = 600;

export class EntryGuard {
  readonly shared: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(GUARD_BYTES)) {
    this.shared = shared;
    this.#cells = new Int32Array(shared);
    Atomics.compareExchange(this.#cells, STRETCH_PERCENT, 0, 100);
  }

  /** An odd number while an entry is in progress; each entry has its own. */
  get sequence(): number {
    return Atomics.load(this.#cells, SEQUENCE);
  }

  get limitMs(): number {
    return Atomics.load(this.#cells, LIMIT_MS);
  }

  /**
   * Says how long the main thread lately took for 100 ms of its work, because others had the processor.
   * Limits are on the wall clock, and a function must not fail for the time its thread did not run.
   */
  setStretch(percent: number): void {
    Atomics.store(
      this.#cells,
      STRETCH_PERCENT,
      Math.round(Math.min(Math.max(percent, 100), MAX_STRETCH_PERCENT)),
    );
  }

  /** The wall-clock time in which the thread probably gets `cpuMs` of processor time. */
  stretch(cpuMs: number): number {
    return Math.ceil((cpuMs * Atomics.load(this.#cells, STRETCH_PERCENT)) / 100);
  }

  begin(limitMs: number): void {
    Atomics.store(this.#cells, LIMIT_MS, limitMs);
    Atomics.add(this.#cells, SEQUENCE, 1);
  }

  end(): void {
    Atomics.add(this.#cells, SEQUENCE, 1);
  }
}
