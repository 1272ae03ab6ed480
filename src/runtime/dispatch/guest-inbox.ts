import type { Clock, FunctionSpec, Invocation, Observer, ReadonlyIdTable } from '../../core/index.ts';
import { BatchEncoder, type EncodedBatch } from '../wire/batch.ts';
import { Fifo } from './fifo.ts';
import type { Flight } from './flight.ts';
import { encodeItem, type Item, runsCode } from './item.ts';

/** Share of the memory limit that the large payloads of one entry may take before the next waits its turn. */
const BATCH_MEMORY_SHARE = 1 / 8;
/** And however large the limit is: copying and making replies of more takes the thread beyond a few milliseconds. */
const MAX_BATCH_BYTES = 1024 ** 2;
/** And in an entry that ends with the first answer: most of the others are given back and copied once more. */
const MAX_CAREFUL_BYTES = 512 * 1024;

/** What is given to the guest in one entry. */
export interface Given {
  readonly items: readonly Item[];
  readonly started: readonly Invocation[];
}

export interface GuestInboxOptions {
  readonly spec: FunctionSpec;
  readonly clock: Clock;
  readonly observer: Observer;
  /** Those that the guest has, and those that wait here. */
  readonly flights: ReadonlyIdTable<Flight>;
}

/** What waits to be told to the guest, and how much of it is for one entry. */
export class GuestInbox {
  readonly #options: GuestInboxOptions;
  readonly #items = new Fifo<Item>();
  readonly #encoder = new BatchEncoder();

  constructor(options: GuestInboxOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Before all that waits: what the guest gave back, or is to know first. */
  putBack(items: readonly Item[]): void {
    this.#items.unshift(items);
  }

  /**
   * Encodes what comes next, for {@link takeBatch}.
   * @param maxRunning records for which code of the function runs, at the most
   * @param endsAtAnswer whether the entry does: more than one invocation would be given back
   * @returns undefined when nothing of it matters any more
   */
  give(maxRunning: number, endsAtAnswer: boolean): Given | undefined {
    const { spec, clock, observer, flights } = this.#options;
    const nowMs = clock.monotonicMs();
    const maxBytes = endsAtAnswer ? MAX_CAREFUL_BYTES : MAX_BATCH_BYTES;
    const maxExtraBytes = Math.min(spec.limits.memoryBytes * BATCH_MEMORY_SHARE, maxBytes);
    const items: Item[] = [];
    const started: Invocation[] = [];
    const isObserved = observer.wantsDetails();
    let running = 0;
    while (running < maxRunning && !this.#encoder.full && this.#encoder.extraBytes < maxExtraBytes) {
      const item = this.#items.shift();
      if (item === undefined) break;
      const isFirst = item.kind === 'invoke' && item.flight.startedMs === 0;
      if (!encodeItem(this.#encoder, item, flights, nowMs)) continue;
      items.push(item);
      if (runsCode(item)) running += 1;
      if (item.kind !== 'invoke') continue;
      // One that was given back is on record as begun already, whichever version it was given to.
      if (!item.flight.given) started.push(item.flight.invocation);
      item.flight.given = true;
      if (isObserved && isFirst) observer.onStarted(spec, item.flight);
      if (endsAtAnswer) break;
    }
    if (items.length === 0) return undefined;
    if (isObserved) observer.onBatch(spec, items.length);
    return { items, started };
  }

  /** What was encoded for this entry. */
  takeBatch(): EncodedBatch {
    return this.#encoder.take();
  }

  /** Takes the invocations out that wait here, in their order. */
  takeInvocations(): Flight[] {
    const flights: Flight[] = [];
    const kept: Item[] = [];
    for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
      if (item.kind === 'invoke') flights.push(item.flight);
      else kept.push(item);
    }
    this.#items.unshift(kept);
    return flights;
  }
}
