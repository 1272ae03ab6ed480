import { performance } from 'node:perf_hooks';

/** Something that has work for the thread. */
export interface Runnable {
  /** Thread time that it has had, as the scheduler reckons; 0 at first. */
  heldMs: number;
  /** Does a few milliseconds of work at the most. @returns whether there is more */
  runOnce(): boolean;
}

/** After so long the sockets are read before the next one is entered. */
const TURN_MS = 1;

/**
 * So much less than the others one is taken to have had that comes back after a pause: about an entry, so
 * that it goes before all that are saturated, and yet does not make up for its pause.
 */
const CREDIT_MS = 2;

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
  readonly #ready = new Set<Runnable>();
  readonly #nowMs: () => number;
  readonly #afterReading: (action: () => void) => void;
  /** What those that always have work have had; it never falls. */
  #levelMs = 0;
  #planned = false;
  #lastTurnMs = 0;
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
    return !this.#planned && this.#nowMs() - this.#lastTurnMs >= forMs;
  }

  /** Whether anybody but this one has run lately. */
  isShared(runnable: Runnable): boolean {
    return this.#nowMs() - (runnable === this.#last ? this.#otherMs : this.#lastMs) < SHARED_MS;
  }

  mark(runnable: Runnable): void {
    if (!this.#ready.has(runnable)) {
      this.#ready.add(runnable);
      runnable.heldMs = Math.max(runnable.heldMs, this.#levelMs - CREDIT_MS);
    }
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
      const runnable = this.#next();
      if (runnable === undefined) return;
      this.#ready.delete(runnable);
      const more = runnable.runOnce();
      const endedMs = this.#nowMs();
      runnable.heldMs += endedMs - beganMs;
      beganMs = endedMs;
      this.#ran(runnable, endedMs);
      if (more) this.mark(runnable);
    }
    this.#lastTurnMs = beganMs;
    const [waiting] = this.#ready;
    if (waiting !== undefined) this.mark(waiting);
  };

  #ran(runnable: Runnable, nowMs: number): void {
    if (runnable !== this.#last) {
      this.#otherMs = this.#lastMs;
      this.#last = runnable;
    }
    this.#lastMs = nowMs;
  }

  /** Whoever has had least; of several, the one that has been ready for longest. */
  #next(): Runnable | undefined {
    let next: Runnable | undefined;
    for (const runnable of this.#ready)
      if (next === undefined || runnable.heldMs < next.heldMs) next = runnable;
    if (next !== undefined && next.heldMs > this.#levelMs) this.#levelMs = next.heldMs;
    return next;
  }
}
