import { isNewerId, type PreparedBinding, type ReadonlyIdTable } from '../../core/index.ts';
import { Fifo } from './fifo.ts';
import { type Flight, heirOf } from './flight.ts';

/** Ended invocations of which something is kept; past it what has been kept for longest is released. */
export const MAX_KEPT = 16_384;

interface Kept {
  readonly id: number;
  /** The newest that may go on with what is open in its name. */
  readonly heirsUpToId: number;
  /** Whether it was ended by force while calls of its were under way. */
  readonly isAbandoned: boolean;
  /** Whether anything may be open that was not released at its end. */
  mayHold: boolean;
}

/**
 * Has the bindings release what the invocations of one instance have left open. That is at the end of each; but what
 * a call has opened after its invocation, or perhaps for another one, is kept while anybody may go on with it.
 */
export class Releases implements Disposable {
  readonly #flights: ReadonlyIdTable<Flight>;
  readonly #bindings: ReadonlyMap<string, PreparedBinding>;
  /** None is kept for heirs that are older than those of the one before it, so that only the first is looked at. */
  readonly #kept = new Fifo<Kept>();
  readonly #keptById = new Map<number, Kept>();
  /** That of the last one kept. */
  #heirsUpToId = 0;

  /** @param flights in progress */
  constructor(flights: ReadonlyIdTable<Flight>, bindings: ReadonlyMap<string, PreparedBinding>) {
    this.#flights = flights;
    this.#bindings = bindings;
  }

  /** An invocation has ended, and is no longer among the flights. */
  ended(flight: Flight): void {
    const { id, hasCalled, calledForOthers, cutShort, pendingCalls } = flight;
    // Another may wait for what it has called.
    const isAbandoned = cutShort && pendingCalls > 0;
    if (calledForOthers || isAbandoned) this.#keep(flight, isAbandoned, calledForOthers);
    if (hasCalled && !calledForOthers) this.#release(id);
    this.#advance();
  }

  /** A call is done that may have lasted longer than its invocation. */
  callDone(flight: Flight): void {
    if (flight.heirsUpToId === undefined) return;
    this.#keep(flight, false, true);
    this.#advance();
  }

  #keep({ id, heirsUpToId = 0 }: Flight, isAbandoned: boolean, mayHold: boolean): void {
    const known = this.#keptById.get(id);
    if (known !== undefined) {
      known.mayHold ||= mayHold;
      return;
    }
    if (this.#kept.length >= MAX_KEPT) this.#releaseFirst();
    if (this.#kept.length === 0 || isNewerId(heirsUpToId, this.#heirsUpToId)) this.#heirsUpToId = heirsUpToId;
    const kept = { id, heirsUpToId: this.#heirsUpToId, isAbandoned, mayHold };
    this.#kept.push(kept);
    this.#keptById.set(id, kept);
  }

  #advance(): void {
    for (let first = this.#kept.peek(); first !== undefined; first = this.#kept.peek()) {
      if (heirOf(this.#flights, first.heirsUpToId) !== undefined) return;
      this.#releaseFirst();
    }
  }

  #releaseFirst(): void {
    const first = this.#kept.shift();
    if (first === undefined) return;
    this.#keptById.delete(first.id);
    if (first.mayHold) this.#release(first.id);
    if (first.isAbandoned) for (const binding of this.#bindings.values()) binding.abandoned?.(first.id);
  }

  #release(id: number): void {
    for (const binding of this.#bindings.values()) binding.ended?.(id);
  }

  [Symbol.dispose](): void {
    while (this.#kept.length > 0) this.#releaseFirst();
  }
}
