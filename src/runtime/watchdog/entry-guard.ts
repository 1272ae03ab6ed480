/**
 * Tells the watchdog thread, through shared memory, whether the main thread is inside an isolate and
 * for how long it may stay there.
 */
export const GUARD_LAYOUT = {
  sequence: 0,
  limitMs: 1,
  stretchPercent: 2,
  /** On the busiest machine a limit is stretched to so many times its length. */
  maxStretchPercent: 600,
} as const;

const { sequence: SEQUENCE, limitMs: LIMIT_MS, stretchPercent: STRETCH_PERCENT } = GUARD_LAYOUT;

const GUARD_BYTES = 12;

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
   * The wall-clock time in which the thread probably gets `cpuMs` of processor time, from what the
   * watchdog last saw: a function must not fail for the time its thread did not run.
   */
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
