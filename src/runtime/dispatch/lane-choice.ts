import type { Clock } from '../../core/index.ts';
import { Overtime, SHORT_BESIDE_OTHERS_MS, SHORT_MS } from './overtime.ts';

/** A function with so much overtime at once goes to the heavy lane; a slow first call or a collection is less. */
const MOST_OVERTIME_MS = 60;
/** And with so much beside others: a single entry of so long is what their p99 may show. */
const MOST_OVERTIME_BESIDE_OTHERS_MS = 30;
/** It comes back when its entries are short on the average, but not before it has been there for so long, */
const STAY_MS = 10_000;
/** or for so long when it overran its limit on the main thread; */
const STAY_AFTER_OVERRUN_MS = 60_000;
/** and each time that it has to go again soon, for twice as long as the last time, up to this. */
const LONGEST_STAY_MS = 600_000;
/**
 * A function with so much of its heap in use is heavy, too: V8 collects a heap that is nearly full several
 * times over before it gives up, deaf to every limit, and holds the thread for hundreds of milliseconds.
 */
const FULL_SHARE = 0.5;
/** Garbage that is not collected yet makes no small heap a full one. */
const FULL_BYTES = 6 * 1024 ** 2;
/** Weight of the newest entry in the average. */
const WEIGHT = 1 / 8;

/**
 * Decides on which thread the isolates of one function are entered, by the overtime of its entries. The wall clock
 * raises the suspicion, because it costs next to nothing; processor time decides, because on a busy machine everybody
 * is slow.
 */
export class LaneChoice {
  readonly #declared: boolean;
  readonly #isShared: () => boolean;
  /** By the wall clock, */
  readonly #seen = new Overtime(MOST_OVERTIME_MS);
  /** and by processor time, while there is any by the wall clock. */
  readonly #proven = new Overtime(MOST_OVERTIME_MS);
  /** Of the entries in the heavy lane. */
  #averageMs = 0;
  #heavy: boolean;
  #stayMs = 0;
  #stayUntilMs = 0;
  #cameBackMs = Number.NEGATIVE_INFINITY;

  /**
   * @param declared whether its own limit allows longer entries than the main thread does
   * @param isShared whether other functions use the main thread at present
   */
  constructor(declared: boolean, isShared: () => boolean) {
    this.#declared = declared;
    this.#isShared = isShared;
    this.#heavy = declared;
  }

  get heavy(): boolean {
    return this.#heavy;
  }

  /** Whether the processor time of the next entry is asked for. */
  get examines(): boolean {
    return !this.#heavy && this.#seen.ms > 0;
  }

  /** An entry took `tookMs` by the wall clock, and `cpuMs` of processor time where that was asked for. */
  entered(tookMs: number, cpuMs: number | undefined, clock: Clock): void {
    if (this.#declared) return;
    if (this.#heavy) {
      this.#averageMs += WEIGHT * (tookMs - this.#averageMs);
      if (clock.monotonicMs() >= this.#stayUntilMs && this.#averageMs < this.#shortMs(this.#averageMs))
        this.#comeBack(clock);
      return;
    }
    const shortMs = this.#shortMs(tookMs);
    if (tookMs <= shortMs && this.#seen.ms === 0) return;
    const nowMs = clock.monotonicMs();
    this.#seen.add(tookMs, shortMs, nowMs);
    if (cpuMs === undefined) return;
    this.#proven.add(cpuMs, shortMs, nowMs);
    const isShared = shortMs === SHORT_BESIDE_OTHERS_MS;
    const mostMs = isShared ? MOST_OVERTIME_BESIDE_OTHERS_MS : MOST_OVERTIME_MS;
    if (this.#proven.ms >= mostMs) this.#move(STAY_MS, clock);
  }

  /** How long an entry may be that nobody minds. @param tookMs of the one in question */
  #shortMs(tookMs: number): number {
    return tookMs >= SHORT_BESIDE_OTHERS_MS && this.#isShared() ? SHORT_BESIDE_OTHERS_MS : SHORT_MS;
  }

  /** An entry was ended by its CPU limit. */
  overran(clock: Clock): void {
    this.#move(STAY_AFTER_OVERRUN_MS, clock);
  }

  /**
   * The first entry of an instance was given up on the main thread, and begins anew beside it.
   * @param isProven whether the function itself was slow, and not the machine: then it comes back with its next short entry
   */
  slow(isProven: boolean, clock: Clock): void {
    this.#move(isProven ? STAY_MS : 0, clock);
    if (!isProven) this.#averageMs = 0;
  }

  /** What an entry that took long has left in the heap. */
  heapSeen(heapBytes: number, limitBytes: number, clock: Clock): void {
    if (heapBytes >= Math.max(FULL_BYTES, FULL_SHARE * limitBytes)) this.#move(STAY_MS, clock);
  }

  #move(stayMs: number, clock: Clock): void {
    const nowMs = clock.monotonicMs();
    if (!this.#heavy) {
      const again = nowMs - this.#cameBackMs < this.#stayMs;
      this.#stayMs = again ? Math.min(2 * this.#stayMs, LONGEST_STAY_MS) : 0;
      // A single short entry says nothing yet.
      this.#averageMs = 2 * SHORT_MS;
      this.#heavy = true;
    }
    this.#stayMs = Math.max(this.#stayMs, stayMs);
    this.#stayUntilMs = Math.max(this.#stayUntilMs, nowMs + this.#stayMs);
  }

  #comeBack(clock: Clock): void {
    this.#heavy = false;
    this.#cameBackMs = clock.monotonicMs();
    this.#seen.forget();
    this.#proven.forget();
  }
}
