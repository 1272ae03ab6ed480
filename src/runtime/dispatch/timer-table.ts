import type { Clock, ReadonlyIdTable } from '../../core/index.ts';
import type { GuestRecord } from '../wire/guest-records.ts';
import { type Flight, type GuestTimer, heirOf, mayInherit, strandedOf } from './flight.ts';

/** Timers that one instance may have armed. */
const MAX_TIMERS = 1_000;
const NONE: readonly number[] = [];
const nothing = (): void => undefined;

export interface TimerTableOptions {
  readonly clock: Clock;
  /** Invocations in progress. */
  readonly flights: ReadonlyIdTable<Flight>;
  readonly onDue: (timer: GuestTimer) => void;
  readonly onLog: (level: string, text: string) => void;
}

/**
 * The timers of one instance. Each belongs to an invocation in progress and ends with it, so that
 * nothing runs without a deadline. One that outlives its owner goes to the oldest invocation that was there
 * when it was set, else to one that waits for nothing of its own, and is cancelled when there is none.
 */
export class TimerTable {
  readonly #options: TimerTableOptions;
  readonly #timers = new Map<number, GuestTimer>();
  /** Cancelled here and still known to the guest. */
  #stale: number[] = [];
  #warned = false;

  constructor(options: TimerTableOptions) {
    this.#options = options;
  }

  set({ timerId, delayMs, ownerId, newestId }: Extract<GuestRecord, { kind: 'timer' }>): void {
    const { clock, flights, onDue, onLog } = this.#options;
    this.clear(timerId);
    const owner = flights.get(ownerId) ?? heirOf(flights, newestId) ?? strandedOf(flights);
    if (owner === undefined) {
      if (!this.#warned)
        onLog(
          'warn',
          'A timer was not set: it belongs to no invocation in progress, as at the top level of a module',
        );
      this.#warned = true;
      this.#forget(timerId);
      return;
    }
    if (this.#timers.size >= MAX_TIMERS) {
      onLog('error', `A timer was not set: ${MAX_TIMERS} are armed already`);
      this.#forget(timerId);
      return;
    }
    const timer: GuestTimer = {
      id: timerId,
      owner,
      newestId,
      cancelled: false,
      stop: nothing,
    };
    this.#timers.set(timerId, timer);
    if (owner.timers === undefined) owner.timers = [timer];
    else owner.timers.push(timer);
    if (delayMs < 1) onDue(timer);
    else timer.stop = clock.after(delayMs, () => onDue(timer));
  }

  #forget(timerId: number): void {
    if (this.#stale.length < MAX_TIMERS) this.#stale.push(timerId);
  }

  /** The guest is given the timer, or has cleared it. */
  remove(timer: GuestTimer): void {
    if (this.#timers.get(timer.id) === timer) this.#timers.delete(timer.id);
    const timers = timer.owner?.timers;
    timer.owner = undefined;
    const index = timers?.indexOf(timer) ?? -1;
    if (index !== -1) timers?.splice(index, 1);
  }

  clear(timerId: number): void {
    const timer = this.#timers.get(timerId);
    if (timer !== undefined) this.#cancel(timer);
  }

  #cancel(timer: GuestTimer): void {
    timer.cancelled = true;
    timer.stop();
    this.remove(timer);
  }

  /** An invocation has ended, and is no longer among the flights. */
  ended(flight: Flight): void {
    const { timers } = flight;
    if (timers === undefined) return;
    flight.timers = undefined;
    const { oldest } = this.#options.flights;
    const inherited = timers.filter(({ newestId }) => mayInherit(oldest, newestId));
    if (oldest !== undefined) handOn(inherited, oldest);
    if (inherited.length === timers.length) return;
    const others = timers.filter(({ newestId }) => !mayInherit(oldest, newestId));
    const stranded = strandedOf(this.#options.flights);
    if (stranded !== undefined) {
      handOn(others, stranded);
      return;
    }
    for (const timer of others) {
      this.#cancel(timer);
      this.#forget(timer.id);
    }
  }

  /** Timers that the guest is to forget; each is told once. */
  takeStale(): readonly number[] {
    if (this.#stale.length === 0) return NONE;
    const stale = this.#stale;
    this.#stale = [];
    return stale;
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) timer.stop();
    this.#timers.clear();
  }
}

/** As one: where all invocations end at once, each hands on the timers of all before it. */
function handOn(timers: readonly GuestTimer[], heir: Flight): void {
  if (timers.length === 0) return;
  for (const timer of timers) timer.owner = heir;
  heir.timers = heir.timers?.concat(timers) ?? [...timers];
}
