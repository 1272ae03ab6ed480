import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { GUARD_LAYOUT } from '../watchdog/entry-guard.ts';
import { FairShare, type Sharer } from './fair-share.ts';
import { Fifo } from './fifo.ts';

/** As many as leave a core to the main thread, and at least one. */
function defaultSlots(): number {
  return Math.min(Math.max(1, availableParallelism() - 1), GUARD_LAYOUT.slots - 1);
}

type Go = (slot: number) => void;

/** One of those that share the threads, and what waits of it. */
interface Asker extends Sharer {
  readonly waiting: Fifo<Go>;
}

export interface HeavyLaneOptions {
  /** Milliseconds on a monotonic clock. @default performance.now */
  readonly nowMs?: () => number;
}

/**
 * The threads beside the main one that enter isolates, so many at once. Of the functions that wait whichever has had
 * the least of them goes first, by time and not by turns: beside one whose entries take a second each, another with
 * short ones has all of its waiting calls done after each of those. One with several instances gets no more for it.
 */
export class HeavyLane {
  readonly #nowMs: () => number;
  readonly #free: number[] = [];
  readonly #askers = new WeakMap<object, Asker>();
  readonly #waiting = new FairShare<Asker>();

  /** @param slots from 1 to 8; one less than there are cores by default */
  constructor(slots: number = defaultSlots(), { nowMs = () => performance.now() }: HeavyLaneOptions = {}) {
    this.#nowMs = nowMs;
    for (let slot = slots; slot >= 1; slot -= 1) this.#free.push(slot);
  }

  /**
   * Runs `action` with a slot of its own, which is the next one's when the action has settled.
   * @param who shares its time
   */
  async run<Result>(who: object, action: (slot: number) => Promise<Result>): Promise<Result> {
    const asker = this.#askerOf(who);
    const slot = this.#free.pop() ?? (await this.#turnOf(asker));
    const startedMs = this.#nowMs();
    try {
      return await action(slot);
    } finally {
      asker.heldMs += this.#nowMs() - startedMs;
      // What comes next for the same function is asked for a turn of the event loop later.
      if (this.#waiting.isFirst(asker)) setImmediate(() => setImmediate(() => this.#handOn(slot)));
      else this.#handOn(slot);
    }
  }

  #handOn(slot: number): void {
    const next = this.#next();
    if (next === undefined) this.#free.push(slot);
    else next(slot);
  }

  #askerOf(who: object): Asker {
    const known = this.#askers.get(who);
    if (known !== undefined) return known;
    const asker = { heldMs: 0, waiting: new Fifo<Go>() };
    this.#askers.set(who, asker);
    return asker;
  }

  async #turnOf(asker: Asker): Promise<number> {
    this.#waiting.add(asker);
    return await new Promise((resolve) => asker.waiting.push(resolve));
  }

  #next(): Go | undefined {
    const next = this.#waiting.take();
    const go = next?.waiting.shift();
    // Behind all others that have had as much.
    if (next !== undefined && next.waiting.length > 0) this.#waiting.add(next);
    return go;
  }
}
