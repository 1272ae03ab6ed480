import {
  type Clock,
  type FunctionSpec,
  HairspringError,
  IdTable,
  isErrorCode,
  isNewerId,
  type Observer,
  type PreparedBinding,
} from '../../core/index.ts';
import type { EntryFault, EntryOutcome } from '../isolate/entry-outcome.ts';
import type { GuestIsolate } from '../isolate/guest-isolate.ts';
import type { GuestOutput } from '../isolate/guest-outputs.ts';
import type { SharedScript } from '../isolate/shared-script.ts';
import type { EntryJournal } from '../observer.ts';
import { type GuestRecord, readGuestBatch } from '../wire/guest-records.ts';
import type { Flight } from './flight.ts';
import { type Given, GuestInbox } from './guest-inbox.ts';
import { HeavyPace } from './heavy-pace.ts';
import type { Item } from './item.ts';
import { cpuExceeded } from './limit-errors.ts';
import { PendingCalls } from './pending-calls.ts';
import { TimerTable } from './timer-table.ts';

/** Records given to the guest in one entry at the most, of those for which code of the function runs. */
const MAX_BATCH = 128;
/** And in the heavy lane, where an entry seldom gets beyond the first. */
const MAX_HEAVY_BATCH = 16;
/** Entries that took longer than this are followed by a look at the heap, which takes some microseconds. */
export const HEAP_LOOK_MS = 2;
/** And on another thread, where a look takes longer, so are the first and some of the short ones. */
const LOOK_EVERY = 16;
/** The guest gives a batch back after so long: until then no neighbour gets its turn. */
export const BATCH_BUDGET_MS = 2;

/**
 * Why an entry did not end well: `slow` is the first one of all, given up before anything of it came out; `starved` is
 * `cpu` where the thread did not run.
 */
export type InstanceFault =
  | EntryFault
  | { readonly kind: 'slow' }
  | { readonly kind: 'starved'; readonly invocationId: number };

/** What an instance tells its function. */
export interface InstanceOwner {
  /** There is something to enter for. */
  onWork(): void;
  onReply(flight: Flight, record: Extract<GuestRecord, { kind: 'reply' }>): void;
  onError(flight: Flight, error: HairspringError, record: Extract<GuestRecord, { kind: 'error' }>): void;
  onTailsDone(flight: Flight): void;
  onLog(level: string, text: string): void;
}

export interface InstanceDependencies {
  readonly isolate: GuestIsolate;
  readonly spec: FunctionSpec;
  readonly bindings: ReadonlyMap<string, PreparedBinding>;
  readonly clock: Clock;
  readonly journal: EntryJournal;
  readonly observer: Observer;
  readonly owner: InstanceOwner;
}

/** One loaded function: its isolate, the invocations in it, and what waits to be told to it. */
export class Instance {
  readonly flights = new IdTable<Flight>();
  readonly #isolate: GuestIsolate;
  readonly #spec: FunctionSpec;
  readonly #calls: PendingCalls;
  readonly #journal: EntryJournal;
  readonly #owner: InstanceOwner;
  readonly #inbox: GuestInbox;
  readonly #timers: TimerTable;
  readonly #pace = new HeavyPace();
  /** Invocations given to it so far. */
  invoked = 0;
  #entries = 0;
  /** Invocations that had begun, and were ended before they were done. */
  abandoned = 0;
  /** The newest invocation given to it. */
  #newestId = 0;
  /** Another thread is inside, or is waited for. */
  #away = false;
  /** The last entry was interrupted on the main thread, and what it had ready is still inside. */
  #uncollected = false;
  /** What another thread is inside with. */
  #entered: Given | undefined;
  #disposed = false;

  constructor(dependencies: InstanceDependencies) {
    this.#isolate = dependencies.isolate;
    this.#spec = dependencies.spec;
    this.#journal = dependencies.journal;
    this.#owner = dependencies.owner;
    this.#inbox = new GuestInbox({ ...dependencies, flights: this.flights });
    this.#calls = new PendingCalls({
      ...dependencies,
      flights: this.flights,
      onCompleted: (callId, result) => this.#push({ kind: 'completed', callId, result }),
      onFailed: (callId, error) => this.#push({ kind: 'failed', callId, error }),
      onLog: (level, text) => this.#owner.onLog(level, text),
    });
    this.#timers = new TimerTable({
      clock: dependencies.clock,
      flights: this.flights,
      onDue: (timer) => this.#push({ kind: 'timer', timer }),
      onLog: (level, text) => this.#owner.onLog(level, text),
    });
  }

  get hasWork(): boolean {
    return !this.#disposed && !this.#away && (this.#uncollected || !this.#inbox.isEmpty);
  }

  /** It was interrupted on the main thread, which it may hold for as long again: the next entry is for another one. */
  get isUncollected(): boolean {
    return this.#uncollected;
  }

  /** Nothing that it was given, or has ready, is of use to anybody any more. */
  get isDone(): boolean {
    return this.flights.size === 0 && !this.#uncollected;
  }

  /** No invocation has been in it yet. */
  get isUntouched(): boolean {
    return this.#entries === 0;
  }

  /** Another thread is inside, or is waited for: it is not to be entered, nor looked into. */
  get away(): boolean {
    return this.#away;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** As {@link GuestIsolate.lostBytes}. */
  get lostBytes(): number {
    return this.#isolate.lostBytes;
  }

  /** Wall-clock time that the last entry took. */
  get lastEntryMs(): number {
    return this.#isolate.lastEntryMs;
  }

  /** Another thread is inside, and all that it may be there for has ended. */
  get isBusyInVain(): boolean {
    if (this.#entered === undefined) return false;
    const begun = this.#begunWithin();
    return [...this.flights.values()].every((flight) => !flight.begun && !begun.has(flight));
  }

  /** Invocations that the entry in progress has begun. */
  #begunWithin(): ReadonlySet<Flight> {
    const taken = this.#entered?.items.slice(0, this.#isolate.taken) ?? [];
    return new Set(taken.flatMap((item) => (item.kind === 'invoke' ? [item.flight] : [])));
  }

  get heapBytes(): number {
    return this.#isolate.memoryUse().heapBytes;
  }

  /** As {@link GuestIsolate.inspect}. */
  inspect(listen: (message: string) => void): ((message: string) => void) | undefined {
    return this.#isolate.inspect(listen);
  }

  memoryUse(): { readonly heapBytes: number; readonly totalBytes: number } {
    return this.#isolate.memoryUse();
  }

  /** V8's code cache of its script, with what has run of it. */
  codeCache(source: string): Uint8Array | undefined {
    return this.#isolate.codeCache(source, `${this.#spec.name}.js`);
  }

  /** As {@link GuestIsolate.hasUnlearned}. */
  get hasUnlearned(): boolean {
    return this.#isolate.hasUnlearned;
  }

  /** As {@link GuestIsolate.teachFeatures}. */
  teachFeatures(): void {
    this.#isolate.teachFeatures();
  }

  /** Has what it has compiled of a script of the runtime's compiled in all isolates to come. */
  teach(script: SharedScript): void {
    this.#isolate.teach(script);
  }

  invoke(flight: Flight): void {
    this.invoked += 1;
    this.flights.set(flight.id, flight);
    // One that another instance gave back is older than those that are here.
    if (this.invoked === 1 || isNewerId(flight.id, this.#newestId)) this.#newestId = flight.id;
    this.#calls.begun();
    this.#inbox.push({ kind: 'invoke', flight });
  }

  /** Drops an invocation that has been answered for; its signal says why, and what it still does is ignored. */
  forget(flight: Flight, error: HairspringError): void {
    if (flight.begun || this.#begunWithin().has(flight)) this.abandoned += 1;
    flight.cutShort = true;
    if (this.#remove(flight)) this.#push({ kind: 'abort', id: flight.id, ended: true, error });
  }

  /** Tells an invocation by its signal that it had better come to an end. */
  hurry(flight: Flight, error: HairspringError): void {
    this.#push({ kind: 'abort', id: flight.id, ended: false, error });
  }

  #remove(flight: Flight): boolean {
    if (!this.flights.delete(flight.id)) return false;
    flight.heirsUpToId = this.#newestId;
    this.#timers.ended(flight);
    this.#calls.ended(flight);
    return true;
  }

  #push(item: Item): void {
    if (this.#disposed) return;
    this.#inbox.push(item);
    this.#owner.onWork();
  }

  /**
   * Enters the isolate once, on this thread.
   * @param limitMs below `limits.cpu` for the first entry only: an instance that passes it is of no use, and
   * what was given to it can be taken back
   */
  runOnce(limitMs: number): InstanceFault | undefined {
    const given = this.#give(MAX_BATCH, false);
    if (given === undefined) return undefined;
    this.#entries += 1;
    this.#journal.enter(this.#spec.id, given.started);
    const outcome = this.#isolate.run(this.#inbox.takeBatch(), limitMs);
    this.#journal.leave();
    if (outcome.fault?.kind === 'cpu' && limitMs < this.#spec.limits.cpuMs) {
      this.#inbox.putBack(given.items);
      return { kind: 'slow' };
    }
    // A guest that is near its memory limit may hang in the next entry as well, so that is left to the heavy lane.
    this.#uncollected = outcome.fault?.kind === 'cpu';
    return this.#receive(given, outcome);
  }

  /** Takes what an interrupted entry had ready. */
  async #collect(slot: number): Promise<void> {
    if (!this.#uncollected || this.#disposed) return;
    this.#journal.enterHeavy(slot, this.#spec.id, []);
    const { outputs } = await this.#isolate.collectAway(slot, this.#spec.limits.cpuMs);
    this.#journal.leaveHeavy(slot);
    this.#uncollected = false;
    if (!this.#disposed) this.#deliver(outputs);
  }

  /** Nothing enters it from now on until `runAway` is over. */
  reserve(): void {
    this.#away = true;
  }

  /** Enters the isolate once, on a thread of the heavy lane. Never rejects. */
  async runAway(slot: number): Promise<EntryFault | undefined> {
    try {
      await this.#collect(slot);
      const { endsAtAnswer } = this.#pace;
      const given = this.#disposed ? undefined : this.#give(MAX_HEAVY_BATCH, endsAtAnswer);
      if (given === undefined) return undefined;
      const { cpuMs } = this.#spec.limits;
      this.#journal.enterHeavy(slot, this.#spec.id, given.started);
      this.#entries += 1;
      this.#entered = given;
      const outcome = await this.#isolate.runAway(slot, this.#inbox.takeBatch(), cpuMs, endsAtAnswer);
      this.#pace.entered(this.#isolate.lastEntryMs);
      const overran = outcome.fault?.kind === 'cpu' && !this.#disposed;
      const rest = overran ? await this.#isolate.collectAway(slot, cpuMs) : undefined;
      this.#entered = undefined;
      let fault: EntryFault | undefined;
      if (!this.#disposed) {
        fault = this.#receive(given, outcome);
        if (rest !== undefined) this.#deliver(rest.outputs);
      }
      // May take as long as a collection, for which no reply is to wait.
      if (this.#isolate.lastEntryMs > HEAP_LOOK_MS || this.#entries % LOOK_EVERY === 1)
        fault ??= await this.#isolate.measureAway(slot);
      this.#journal.leaveHeavy(slot);
      return this.#disposed ? undefined : fault;
    } finally {
      this.#away = false;
    }
  }

  /** As {@link GuestInbox.give}. */
  #give(maxRunning: number, endsAtAnswer: boolean): Given | undefined {
    this.#tellStale();
    return this.#inbox.give(maxRunning, endsAtAnswer);
  }

  #receive({ items }: Given, { outputs, taken, fault, unhandled }: EntryOutcome): EntryFault | undefined {
    // The isolate may be gone before the first record is begun; given again, it would be so for ever.
    const begun = fault === undefined || fault.kind === 'cpu' ? taken : Math.max(1, taken);
    for (let index = 0; index < begun; index += 1) this.#begun(items[index]);
    if (begun < items.length) this.#inbox.putBack(items.slice(begun));
    if (unhandled !== undefined)
      this.#owner.onLog('error', `A promise was rejected and nobody handled it: ${unhandled}`);
    return this.#deliver(outputs) ?? fault;
  }

  /** The guest has taken it, and will not give it back. */
  #begun(item: Item | undefined): void {
    if (item?.kind === 'invoke') item.flight.begun = true;
    else if (item?.kind === 'completed') this.#calls.delivered(item.result);
    else if (item?.kind === 'timer') this.#timers.remove(item.timer);
  }

  /** Told with the next work, since it is worth no entry of its own. */
  #tellStale(): void {
    if (this.#inbox.isEmpty) return;
    const stale = this.#timers.takeStale();
    if (stale.length > 0) this.#inbox.putBack(stale.map((timerId) => ({ kind: 'cancelled', timerId })));
    const dropped = this.#calls.takeDropped();
    if (dropped.length > 0) this.#inbox.putBack(dropped.map((callId) => ({ kind: 'dropped', callId })));
  }

  #deliver(outputs: readonly GuestOutput[]): EntryFault | undefined {
    try {
      for (const { json, extras } of outputs) readGuestBatch(json, extras, this.#handle);
      return undefined;
    } catch (error) {
      return { kind: 'broken', message: HairspringError.from(error).message };
    }
  }

  readonly #handle = (record: GuestRecord): void => {
    switch (record.kind) {
      case 'reply': {
        const flight = this.#settle(record.id, record.tails);
        if (flight !== undefined) this.#owner.onReply(flight, record);
        return;
      }
      case 'error': {
        const flight = this.#settle(record.id, record.tails);
        if (flight === undefined) return;
        this.#owner.onError(flight, this.#errorOf(record), record);
        return;
      }
      case 'call':
        this.#calls.call(record);
        return;
      case 'log':
        this.#owner.onLog(record.level, record.text);
        return;
      case 'timer':
        this.#timers.set(record);
        return;
      case 'clear-timer':
        this.#timers.clear(record.timerId);
        return;
      case 'tails-done': {
        const flight = this.flights.get(record.id);
        if (flight?.answered !== true) return;
        this.#remove(flight);
        this.#owner.onTailsDone(flight);
      }
    }
  };

  #errorOf({ code, message }: Extract<GuestRecord, { kind: 'error' }>): HairspringError {
    if (code === 'HS_FUNCTION_CPU') return cpuExceeded(this.#spec);
    return new HairspringError(isErrorCode(code) ? code : 'HS_FUNCTION_THREW', message);
  }

  #settle(id: number, tails: number): Flight | undefined {
    const flight = this.flights.get(id);
    if (flight === undefined || flight.answered) return undefined;
    flight.answered = true;
    if (tails === 0) this.#remove(flight);
    return flight;
  }

  /** Invocations that were given to this instance and not begun, taken back in their order. */
  takeUnstarted(): Flight[] {
    return this.#inbox.takeInvocations().filter(({ id }) => this.flights.delete(id));
  }

  /** All that is in it, in their order: none has begun, or what it did is not to count. */
  takeAll(): Flight[] {
    const flights = [...this.flights.values()];
    this.flights.clear();
    return flights;
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const flight of [...this.flights.values()]) this.#remove(flight);
    this.#timers[Symbol.dispose]();
    this.#calls[Symbol.dispose]();
    this.#isolate[Symbol.dispose]();
  }
}
