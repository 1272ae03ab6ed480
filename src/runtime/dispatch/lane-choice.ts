import type { Clock } from '../../core/index.ts';

/** A function whose entries take longer than this on the average goes to the heavy lane. */
const HEAVY_MS = 10;
/** And comes back when they take no longer than this, */
const LIGHT_MS = 4;
/** but not before it has been there for so long, */
const STAY_MS = 10_000;
/** or for so long when it overran its limit on the main thread. */
const STAY_AFTER_OVERRUN_MS = 60_000;
/**
 * A function with so much of its heap in use is heavy, too: V8 collects a heap that is nearly full several
 * times over before it gives up, deaf to every limit, and holds the thread for hundreds of milliseconds.
 */
const FULL_SHARE = 0.5;
/** Garbage that is not collected yet makes no small heap a full one. */
const FULL_BYTES = 6 * 1024 ** 2;
/** One entry of so long raises the suspicion by itself. */
const SUSPECT_MS = 20;
/** Weight of the newest entry in the average. */
const WEIGHT = 1 / 8;
/** Entries whose processor time is taken before a function moves that was slow by the wall clock. */
const EXAMINED_ENTRIES = 4;

/**
 * Decides on which thread the isolates of one function are entered. The wall clock raises the suspicion,
 * because it costs next to nothing; processor time decides, because on a busy machine everybody is slow.
 */
export class LaneChoice {
  readonly #declared: boolean;
  #averageMs = 0;
  /** Entries still to be examined; 0 while nothing is suspected. */
  #toExamine = 0;
  #examinedMs = 0;
  #heavy: boolean;
  #stayUntilMs = 0;

  /** @param declared whether its own limit allows longer entries than the main thread does */
  constructor(declared: boolean) {
    this.#declared = declared;
    this.#heavy = declared;
  }

  get heavy(): boolean {
    return this.#heavy;
  }

  /** Whether the processor time of the next entry is asked for. */
  get examines(): boolean {
    return this.#toExamine > 0;
  }

  /** An entry took `tookMs` by the wall clock, or of processor time where that was asked for. */
  entered(tookMs: number, clock: Clock): void {
    if (this.#declared) return;
    if (this.#toExamine > 0) {
      this.#examine(tookMs, clock);
      return;
    }
    this.#averageMs += WEIGHT * (tookMs - this.#averageMs);
    if (!this.#heavy) {
      if (this.#averageMs > HEAVY_MS || tookMs > SUSPECT_MS) this.#toExamine = EXAMINED_ENTRIES;
    } else if (this.#averageMs < LIGHT_MS && clock.monotonicMs() >= this.#stayUntilMs) this.#heavy = false;
  }

  #examine(cpuMs: number, clock: Clock): void {
    this.#examinedMs += cpuMs;
    this.#toExamine -= 1;
    this.#averageMs = this.#examinedMs / EXAMINED_ENTRIES;
    // However short those are that follow, the average is too long already.
    if (this.#toExamine > 0 && this.#averageMs <= HEAVY_MS) return;
    this.#toExamine = 0;
    this.#examinedMs = 0;
    if (this.#averageMs > HEAVY_MS) this.#move(clock.monotonicMs() + STAY_MS);
  }

  /** An entry was ended by its CPU limit. */
  overran(clock: Clock): void {
    this.#move(clock.monotonicMs() + STAY_AFTER_OVERRUN_MS);
  }

  /** The first entry of an instance was given up on the main thread. */
  slow(clock: Clock): void {
    this.#move(clock.monotonicMs() + STAY_MS);
  }

  /** What an entry that took long has left in the heap. */
  heapSeen(heapBytes: number, limitBytes: number, clock: Clock): void {
    if (heapBytes >= Math.max(FULL_BYTES, FULL_SHARE * limitBytes)) this.#move(clock.monotonicMs() + STAY_MS);
  }

  #move(untilMs: number): void {
    this.#heavy = true;
    this.#toExamine = 0;
    this.#examinedMs = 0;
    this.#stayUntilMs = Math.max(this.#stayUntilMs, untilMs);
  }
}
