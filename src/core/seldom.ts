import type { Clock } from './clock.ts';

/** How often the same thing is said. */
const PERIOD_MS = 10_000;

/** For what happens as often as somebody outside likes, and is to be told now and then. */
export class Seldom {
  readonly #clock: Clock;
  #untilMs = Number.NEGATIVE_INFINITY;
  #kept = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns how often it happened since it was told last, if it is to be told now */
  take(): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#untilMs) {
      this.#kept += 1;
      return undefined;
    }
    this.#untilMs = nowMs + PERIOD_MS;
    const kept = this.#kept;
    this.#kept = 0;
    return kept;
  }
}
