import { availableParallelism } from 'node:os';
import { GUARD_LAYOUT } from '../watchdog/entry-guard.ts';
import { Fifo } from './flight.ts';

/** As many as leave a core to the main thread, and at least one. */
function defaultSlots(): number {
  return Math.min(Math.max(1, availableParallelism() - 1), GUARD_LAYOUT.slots - 1);
}

/**
 * The threads beside the main one that enter isolates, so many at once. An instance asks for one entry at
 * a time, so each gets its turn: those that wait are served in the order in which they asked.
 */
export class HeavyLane {
  readonly #free: number[] = [];
  readonly #waiting = new Fifo<(slot: number) => void>();

  /** @param slots from 1 to 8; one less than there are cores by default */
  constructor(slots: number = defaultSlots()) {
    for (let slot = slots; slot >= 1; slot -= 1) this.#free.push(slot);
  }

  /** Runs `action` with a slot of its own, which is the next one's when the action has settled. */
  async run<Result>(action: (slot: number) => Promise<Result>): Promise<Result> {
    const slot = this.#free.pop() ?? (await this.#next());
    try {
      return await action(slot);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(slot);
      else next(slot);
    }
  }

  async #next(): Promise<number> {
    return await new Promise((resolve) => this.#waiting.push(resolve));
  }
}
