import type { Clock } from '../../core/index.ts';

/** A function whose entries take longer than this on the average goes to the heavy lane. */
const HEAVY_MS = 10;
/** And comes back when they take no longer than this, */
const LIGHT_MS = 4;
/** but not before it has been there for so long, */
const STAY_MS = 10_000;
/** or for so long when it overran its limit on the main thread. */
const STAY_AFTER_OVERRUN_MS = 60_000;
/** Weight of the newest entry in the average. */
const WEIGHT = 1 / 8;

/** Decides on which thread the isolates of one function are entered. */
export class LaneChoice {
  readonly #declared: boolean;
  #averageMs = 0;
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

  /** An entry took `tookMs`. */
  entered(tookMs: number, clock: Clock): void {
    this.#averageMs += WEIGHT * (tookMs - this.#averageMs);
    if (this.#declared) return;
    if (!this.#heavy) {
      if (this.#averageMs > HEAVY_MS) this.#move(clock.monotonicMs() + STAY_MS);
    } else if (this.#averageMs < LIGHT_MS && clock.monotonicMs() >= this.#stayUntilMs) this.#heavy = false;
  }

  /** An entry was ended by its CPU limit. */
  overran(clock: Clock): void {
    this.#move(clock.monotonicMs() + STAY_AFTER_OVERRUN_MS);
  }

  #move(untilMs: number): void {
    this.#heavy = true;
    this.#stayUntilMs = Math.max(this.#stayUntilMs, untilMs);
  }
}
