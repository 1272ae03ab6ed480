/** Time-outs of shorter limits are armed whatever happens: at any rate of entries few of them are pending. */
const ALWAYS_ARMED_MS = 100;
/** Longer ones that may be pending. */
export const MAX_ARMED = 8_192;
const SLOT_MS = 128;
/** The longest time-out that is told apart: nine minutes. */
const SLOTS = 4_096;

/**
 * Bounds the timers of isolated-vm that are pending: each `timeout` keeps one armed until its deadline,
 * also when the entry is long over. Those that come due at one instant, as after the process was
 * stopped for a while, are run through by recursion, which some tens of thousands of them crash
 * (docs/decisions/0018). Counts by the slot of time in which a deadline lies.
 */
export class ArmedTimers {
  readonly #due = new Int32Array(SLOTS);
  #slot = 0;
  #armed = 0;

  /** Pending, as of the last call of `arm`; those always armed are not counted. */
  get armed(): number {
    return this.#armed;
  }

  /**
   * Whether an entry that begins now may have a time-out; if so, it is counted.
   * @param timeoutMs `limitMs` as it is stretched on a machine that is too busy for many entries
   */
  arm(limitMs: number, timeoutMs: number, nowMs: number): boolean {
    if (limitMs <= ALWAYS_ARMED_MS) return true;
    this.#advance(Math.floor(nowMs / SLOT_MS));
    if (this.#armed >= MAX_ARMED) return false;
    const ahead = Math.min(Math.ceil(timeoutMs / SLOT_MS) + 1, SLOTS - 1);
    const slot = (this.#slot + ahead) % SLOTS;
    this.#due[slot] = (this.#due[slot] ?? 0) + 1;
    this.#armed += 1;
    return true;
  }

  #advance(slot: number): void {
    const first = Math.max(this.#slot + 1, slot - SLOTS + 1);
    for (let passed = first; passed <= slot; passed += 1) {
      const index = passed % SLOTS;
      this.#armed -= this.#due[index] ?? 0;
      this.#due[index] = 0;
    }
    this.#slot = Math.max(this.#slot, slot);
  }
}

/** Of this process: isolated-vm has one queue of timers for all its isolates. */
export const armedTimers: ArmedTimers = new ArmedTimers();
