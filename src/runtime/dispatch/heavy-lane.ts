import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { GUARD_LAYOUT } from '../watchdog/entry-guard.ts';
import { Fifo } from './fifo.ts';

/** As many as leave a core to the main thread, and at least one. */
function defaultSlots(): number {
  return Math.min(Math.max(1, availableParallelism() - 1), GUARD_LAYOUT.slots - 1);
}

/** As in ./scheduler.ts: who comes back after a pause goes before those that are saturated, and no more. */
const CREDIT_MS = 2;

type Go = (slot: number) => void;

/** One of those that share the threads. */
interface Sharer {
  /** Thread time that it has had, as reckoned here. */
  heldMs: number;
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
  readonly #sharers = new WeakMap<object, Sharer>();
  /** Of several that have had as much, the one that waits for longest is first. */
  readonly #waiting = new Set<Sharer>();
  /** What those that always wait have had; it never falls. */
  #levelMs = 0;

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
    const sharer = this.#sharerOf(who);
    const slot = this.#free.pop() ?? (await this.#turnOf(sharer));
    const startedMs = this.#nowMs();
    try {
      return await action(slot);
    } finally {
      sharer.heldMs += this.#nowMs() - startedMs;
      // What comes next for the same function is asked for a turn of the event loop later.
      if (this.#isFirst(sharer)) setImmediate(() => setImmediate(() => this.#handOn(slot)));
      else this.#handOn(slot);
    }
  }

  /** Whether it would go before all that wait, if there are any. */
  #isFirst({ heldMs }: Sharer): boolean {
    return this.#waiting.size > 0 && this.#waiting.values().every((other) => heldMs < other.heldMs);
  }

  #handOn(slot: number): void {
    const next = this.#next();
    if (next === undefined) this.#free.push(slot);
    else next(slot);
  }

  #sharerOf(who: object): Sharer {
    const known = this.#sharers.get(who);
    if (known !== undefined) return known;
    const sharer = { heldMs: 0, waiting: new Fifo<Go>() };
    this.#sharers.set(who, sharer);
    return sharer;
  }

  async #turnOf(sharer: Sharer): Promise<number> {
    if (!this.#waiting.has(sharer)) {
      this.#waiting.add(sharer);
      sharer.heldMs = Math.max(sharer.heldMs, this.#levelMs - CREDIT_MS);
    }
    return await new Promise((resolve) => sharer.waiting.push(resolve));
  }

  #next(): Go | undefined {
    let next: Sharer | undefined;
    for (const sharer of this.#waiting) if (next === undefined || sharer.heldMs < next.heldMs) next = sharer;
    if (next === undefined) return undefined;
    this.#levelMs = Math.max(this.#levelMs, next.heldMs);
    const go = next.waiting.shift();
    this.#waiting.delete(next);
    // Behind all others that have had as much.
    if (next.waiting.length > 0) this.#waiting.add(next);
    return go;
  }
}
