import { performance } from 'node:perf_hooks';
import { FairShare, type Sharer } from './fair-share.ts';

/** Something that has work for the thread. */
export interface Runnable extends Sharer {
  /** Does a few milliseconds of work at the most. @returns whether there is more */
  runOnce(): boolean;
}

/** After so long the sockets are read before the next one is entered. */
const TURN_MS = 1;

/** Who has run within this time uses the thread. */
const SHARED_MS = 100;

export interface SchedulerOptions {
  /** Milliseconds on a monotonic clock. @default performance.now */
  readonly nowMs?: () => number;
  /** Calls `action` once the sockets have been read. @default setImmediate */
  readonly afterReading?: (action: () => void) => void;
}

/**
 * Shares the thread among the functions of a cell. Whoever has had the least of it goes first, one entry
 * at a time, and after a millisecond the sockets are read: so a function that was quiet waits for the
 * entry that is in progress and for no other. Running from `setImmediate` gathers all messages of one
 * socket read into one batch.
 */
export class Scheduler {
  readonly #ready = new FairShare<Runnable>();
  readonly #nowMs: () => number;
  readonly #afterReading: (action: () => void) => void;
  #planned = false;
  /** Whoever ran last, and when it did, */
  #last: Runnable | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** and when anybody else did. */
  #otherMs = Number.NEGATIVE_INFINITY;

  constructor(options: SchedulerOptions = {}) {
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#afterReading = options.afterReading ?? setImmediate;
  }

  /** Whether nothing has run for `forMs`, and nothing is about to. */
  isQuiet(forMs: number): boolean {
    return !this.#planned && this.#nowMs() - this.#lastMs >= forMs;
  }

  /** Whether anybody but this one has run lately. */
  isShared(runnable: Runnable): boolean {
    return this.#nowMs() - (runnable === this.#last ? this.#otherMs : this.#lastMs) < SHARED_MS;
  }

  mark(runnable: Runnable): void {
    this.#ready.add(runnable);
    this.#plan();
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#afterReading(this.#turn);
  }

  remove(runnable: Runnable): void {
    this.#ready.delete(runnable);
    if (this.#last === runnable) this.#last = undefined;
  }

  readonly #turn = (): void => {
    this.#planned = false;
    const startedMs = this.#nowMs();
    let beganMs = startedMs;
    // Each at most once: what it is waiting for may have to be read first.
    for (let left = this.#ready.size; left > 0 && beganMs - startedMs < TURN_MS; left -= 1) {
      const runnable = this.#ready.take();
      if (runnable === undefined) return;
      const more = runnable.runOnce();
      const endedMs = this.#nowMs();
      runnable.heldMs += endedMs - beganMs;
      beganMs = endedMs;
      this.#ran(runnable, endedMs);
      if (more) this.mark(runnable);
    }
    if (this.#ready.size > 0) this.#plan();
  };

  #ran(runnable: Runnable, nowMs: number): void {
    if (runnable !== this.#last) {
      this.#otherMs = this.#lastMs;
      this.#last = runnable;
    }
    this.#lastMs = nowMs;
  }
}
