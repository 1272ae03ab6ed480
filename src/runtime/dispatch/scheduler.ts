/** Something that has work for the thread. */
export interface Runnable {
  /** Does a few milliseconds of work at the most. @returns whether there is more */
  runOnce(): boolean;
}

/**
 * Shares the thread among the functions of a cell: each with work gets one entry per turn of the event
 * loop, in the order in which they asked, and the sockets are read between two turns. Running from
 * `setImmediate` gathers all messages of one socket read into one batch.
 */
export class Scheduler {
  readonly #ready = new Set<Runnable>();
  #planned = false;
  #lastTurnMs = 0;

  /** Whether nothing has run for `forMs`, and nothing is about to. */
  isQuiet(forMs: number): boolean {
    return !this.#planned && performance.now() - this.#lastTurnMs >= forMs;
  }

  mark(runnable: Runnable): void {
    this.#ready.add(runnable);
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(this.#turn);
  }

  remove(runnable: Runnable): void {
    this.#ready.delete(runnable);
  }

  readonly #turn = (): void => {
    this.#planned = false;
    const now = [...this.#ready];
    this.#ready.clear();
    for (const runnable of now) if (runnable.runOnce()) this.mark(runnable);
    this.#lastTurnMs = performance.now();
  };
}
