/**
 * Tells the watchdog thread, through shared memory, which threads are inside an isolate and for how long
 * they may stay there. Each has a slot: 0 is the main thread's, the others are the heavy lane's.
 */
export const GUARD_LAYOUT = {
  stretchPercent: 0,
  heavyStretchPercent: 1,
  /** Counts on while the heavy lane is in use and the main thread turns its event loop. */
  turns: 2,
  /** Two words for each slot: its sequence, odd while an entry is in progress, and the limit of that entry. */
  firstSlot: 3,
  slots: 9,
  /** On the busiest machine a limit is stretched to so many times its length. */
  maxStretchPercent: 600,
} as const;

/** How often the main thread shows that it could note the end of a heavy entry. */
const TURN_MS = 5;

/** Slot of what is entered on the main thread. */
export const INLINE_SLOT = 0;

const {
  stretchPercent: STRETCH_PERCENT,
  heavyStretchPercent: HEAVY_STRETCH_PERCENT,
  turns: TURNS,
  firstSlot: FIRST_SLOT,
  slots: SLOTS,
} = GUARD_LAYOUT;

const GUARD_BYTES = 4 * (FIRST_SLOT + 2 * SLOTS);

export class EntryGuard {
  readonly shared: SharedArrayBuffer;
  readonly #cells: Int32Array;
  /** Entries in progress in the heavy lane. */
  #heavy = 0;
  #turning: NodeJS.Timeout | undefined;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(GUARD_BYTES)) {
    this.shared = shared;
    this.#cells = new Int32Array(shared);
    for (const index of [STRETCH_PERCENT, HEAVY_STRETCH_PERCENT])
      Atomics.compareExchange(this.#cells, index, 0, 100);
  }

  /** An odd number while an entry is in progress in the slot; each entry has its own. */
  sequence(slot: number = INLINE_SLOT): number {
    return Atomics.load(this.#cells, FIRST_SLOT + 2 * slot);
  }

  limitMs(slot: number = INLINE_SLOT): number {
    return Atomics.load(this.#cells, FIRST_SLOT + 2 * slot + 1);
  }

  /**
   * The wall-clock time in which a thread probably gets `cpuMs` of processor time, from what the
   * watchdog last saw: a function must not fail for the time its thread did not run.
   */
  stretch(cpuMs: number, slot: number = INLINE_SLOT): number {
    const own = Atomics.load(this.#cells, STRETCH_PERCENT);
    // What the heavy lane's threads get is seen while one of them runs; until then the main thread's must do.
    const percent =
      slot === INLINE_SLOT ? own : Math.max(own, Atomics.load(this.#cells, HEAVY_STRETCH_PERCENT));
    return Math.ceil((cpuMs * percent) / 100);
  }

  begin(limitMs: number, slot: number = INLINE_SLOT): void {
    if (slot !== INLINE_SLOT) this.#beginHeavy();
    Atomics.store(this.#cells, FIRST_SLOT + 2 * slot + 1, limitMs);
    Atomics.add(this.#cells, FIRST_SLOT + 2 * slot, 1);
  }

  /** Gives the entry in progress more time. */
  extend(limitMs: number, slot: number = INLINE_SLOT): void {
    Atomics.store(this.#cells, FIRST_SLOT + 2 * slot + 1, limitMs);
  }

  end(slot: number = INLINE_SLOT): void {
    Atomics.add(this.#cells, FIRST_SLOT + 2 * slot, 1);
    if (slot !== INLINE_SLOT) this.#heavy -= 1;
  }

  /** The end of a heavy entry is noted on the main thread, so none can end while that is held up by something else. */
  #beginHeavy(): void {
    this.#heavy += 1;
    this.#turning ??= setInterval(() => {
      Atomics.add(this.#cells, TURNS, 1);
      if (this.#heavy > 0) return;
      clearInterval(this.#turning);
      this.#turning = undefined;
    }, TURN_MS).unref();
  }
}
