import { availableParallelism } from 'node:os';
import { GUARD_LAYOUT } from '../watchdog/entry-guard.ts';
import { Fifo } from './fifo.ts';

/** As many as leave a core to the main thread, and at least one. */
function defaultSlots(): number {
  return Math.min(Math.max(1, availableParallelism() - 1), GUARD_LAYOUT.slots - 1);
}

type Go = (slot: number) => void;

/**
 * The threads beside the main one that enter isolates, so many at once. Those that wait take turns, function by
 * function: one that has several instances, of which each asks for an entry at a time, gets no more than the others.
 */
export class HeavyLane {
  readonly #free: number[] = [];
  /** What waits of each, in the order of their turns. */
  readonly #waiting = new Map<object, Fifo<Go>>();

  /** @param slots from 1 to 8; one less than there are cores by default */
  constructor(slots: number = defaultSlots()) {
    for (let slot = slots; slot >= 1; slot -= 1) this.#free.push(slot);
  }

  /**
   * Runs `action` with a slot of its own, which is the next one's when the action has settled.
   * @param who shares its turns
   */
  async run<Result>(who: object, action: (slot: number) => Promise<Result>): Promise<Result> {
    const slot = this.#free.pop() ?? (await this.#turnOf(who));
    try {
      return await action(slot);
    } finally {
      const next = this.#next();
      if (next === undefined) this.#free.push(slot);
      else next(slot);
    }
  }

  async #turnOf(who: object): Promise<number> {
    const waiting = this.#waiting.get(who) ?? new Fifo<Go>();
    this.#waiting.set(who, waiting);
    return await new Promise((resolve) => waiting.push(resolve));
  }

  #next(): Go | undefined {
    for (const [who, waiting] of this.#waiting) {
      const go = waiting.shift();
      this.#waiting.delete(who);
      // Behind all others.
      if (waiting.length > 0) this.#waiting.set(who, waiting);
      return go;
    }
    return undefined;
  }
}
