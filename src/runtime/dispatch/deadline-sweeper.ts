import type { Clock } from '../../core/index.ts';

/** Something whose work has deadlines. */
export interface Sweepable {
  readonly inFlight: number;
  /** Fails what has passed its deadline. */
  sweep(nowMs: number): void;
}

/** Resolution of wall-clock limits. */
const SWEEP_MS = 20;

/**
 * Keeps the deadlines of all functions with one timer, which runs only while something is in flight.
 * A timer per invocation would cost more than most invocations do.
 */
export class DeadlineSweeper {
  readonly #clock: Clock;
  readonly #active = new Set<Sweepable>();
  #stop: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(sweepable: Sweepable): void {
    this.#active.add(sweepable);
    this.#stop ??= this.#clock.every(SWEEP_MS, () => this.#sweep());
  }

  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const sweepable of this.#active) {
      sweepable.sweep(nowMs);
      if (sweepable.inFlight === 0) this.#active.delete(sweepable);
    }
    if (this.#active.size === 0) this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
