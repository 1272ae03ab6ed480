import { performance } from 'node:perf_hooks';
import { type EntryGuard, INLINE_SLOT } from '../watchdog/entry-guard.ts';

/** On a pool thread a guest waits for the main thread, which may have other things to do. */
const AWAY_SLACK_MS = 100;
/** So many times its limit an entry may last that the host tells that it is over: its time-out has the rest to run. */
const OVERRUN_FACTOR = 2.1;

/** The time of the entries into one isolate, of which the watchdog is told. */
export class EntryClock {
  readonly #guard: EntryGuard;
  #enteredMs = 0;
  #limitMs = 0;
  /** Between the beginning and the end of an entry; a debugger comes in without one. */
  #inside = false;
  #slot = INLINE_SLOT;
  #lastEntryMs = 0;

  constructor(guard: EntryGuard) {
    this.#guard = guard;
  }

  /** When the entry in progress, or the last one, began. */
  get enteredMs(): number {
    return this.#enteredMs;
  }

  /** Wall-clock time that the last entry took. */
  get lastEntryMs(): number {
    return this.#lastEntryMs;
  }

  /** Whether the entry in progress, or the last one, has had its time. */
  get isUp(): boolean {
    return performance.now() - this.#enteredMs >= this.#limitMs;
  }

  begin(limitMs: number, slot: number): void {
    this.#inside = true;
    this.#slot = slot;
    this.#limitMs = limitMs;
    this.#enteredMs = performance.now();
    this.#guard.begin(limitMs, slot);
  }

  end(slot: number): void {
    this.#inside = false;
    this.#guard.end(slot);
    this.#lastEntryMs = performance.now() - this.#enteredMs;
  }

  /**
   * Whether the entry in progress has lasted longer than its limit. The guest's runtime then goes no further
   * (guest/host.js): isolated-vm stops the clock of a time-out while the guest is in a function of the host, so that
   * a loop of such calls would last several times its limit, until the watchdog ends the cell.
   */
  isOverLimit(): boolean {
    const slackMs = this.#slot === INLINE_SLOT ? 0 : AWAY_SLACK_MS;
    if (!this.#inside || performance.now() - this.#enteredMs <= this.#limitMs + slackMs) return false;
    this.#guard.extend(OVERRUN_FACTOR * this.#limitMs + slackMs, this.#slot);
    return true;
  }
}
