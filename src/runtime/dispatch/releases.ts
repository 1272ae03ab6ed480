import type { PreparedBinding } from '../../core/index.ts';
import { type Flight, heirOf } from './flight.ts';

/**
 * Has the bindings release what the invocations of one instance have left open. That is at the end of each; but what
 * a call has opened after its invocation, or perhaps for another one, is kept while anybody may go on with it.
 */
export class Releases implements Disposable {
  readonly #flights: ReadonlyMap<number, Flight>;
  readonly #bindings: ReadonlyMap<string, PreparedBinding>;
  /** Ids of ended invocations, with the newest that may go on with what is open in their names. */
  readonly #kept = new Map<number, number>();

  /** @param flights in progress, in the order in which they began */
  constructor(flights: ReadonlyMap<number, Flight>, bindings: ReadonlyMap<string, PreparedBinding>) {
    this.#flights = flights;
    this.#bindings = bindings;
  }

  /** An invocation has ended, and is no longer among the flights. */
  ended({ id, hasCalled, calledForOthers, heirsUpToId = 0 }: Flight): void {
    if (calledForOthers) this.#kept.set(id, heirsUpToId);
    else if (hasCalled) this.#release(id);
    this.#advance();
  }

  /** A call is done that may have lasted longer than its invocation. */
  callDone({ id, heirsUpToId }: Flight): void {
    if (heirsUpToId === undefined) return;
    this.#kept.set(id, heirsUpToId);
    this.#advance();
  }

  #advance(): void {
    for (const [id, heirsUpToId] of this.#kept) {
      if (heirOf(this.#flights, heirsUpToId) !== undefined) continue;
      this.#kept.delete(id);
      this.#release(id);
    }
  }

  #release(id: number): void {
    for (const binding of this.#bindings.values()) binding.ended?.(id);
  }

  [Symbol.dispose](): void {
    for (const id of this.#kept.keys()) this.#release(id);
    this.#kept.clear();
  }
}
