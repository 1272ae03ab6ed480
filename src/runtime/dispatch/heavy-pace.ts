/** An entry of the heavy lane that takes longer keeps a reply for too long that is there before its end. */
const LONG_MS = 10;
/** After such an entry, and for a new instance, so many end with their first answer. */
const CAREFUL_ENTRIES = 32;

/**
 * How much of what waits for an instance one entry in the heavy lane takes. What goes out of an entry goes out at its
 * end: where calls compute for long each has an entry of its own. But an entry costs several times what a quick call
 * does, so a function that has been quick for a while has many calls in one.
 */
export class HeavyPace {
  #careful = CAREFUL_ENTRIES;

  /** Whether the next entry is to end with the first answer. */
  get endsAtAnswer(): boolean {
    return this.#careful > 0;
  }

  entered(tookMs: number): void {
    if (tookMs > LONG_MS) this.#careful = CAREFUL_ENTRIES;
    else if (this.#careful > 0) this.#careful -= 1;
  }
}
