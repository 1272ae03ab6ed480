/** One of those that share thread time. */
export interface Sharer {
  /** Thread time that it has had, as reckoned here; 0 at first. */
  heldMs: number;
}

/**
 * So much less than the others one is taken to have had that comes back after a pause: about an entry, so
 * that it goes before all that are saturated, and yet does not make up for its pause.
 */
const CREDIT_MS = 2;

/** Those that wait for a thread: whoever has had the least of it goes first. */
export class FairShare<Waiting extends Sharer> {
  readonly #waiting = new Set<Waiting>();
  /** What those that always wait have had; it never falls. */
  #levelMs = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /** From now on it waits. Doing it twice is doing it once. */
  add(sharer: Waiting): void {
    if (this.#waiting.has(sharer)) return;
    this.#waiting.add(sharer);
    sharer.heldMs = Math.max(sharer.heldMs, this.#levelMs - CREDIT_MS);
  }

  delete(sharer: Waiting): void {
    this.#waiting.delete(sharer);
  }

  /** Whether it would go before all that wait, if there are any. */
  isFirst({ heldMs }: Sharer): boolean {
    return this.#waiting.size > 0 && this.#waiting.values().every((other) => heldMs < other.heldMs);
  }

  /** Takes out whoever has had least; of several, the one that waits for longest. */
  take(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const sharer of this.#waiting)
      if (first === undefined || sharer.heldMs < first.heldMs) first = sharer;
    if (first === undefined) return undefined;
    this.#waiting.delete(first);
    this.#levelMs = Math.max(this.#levelMs, first.heldMs);
    return first;
  }
}
