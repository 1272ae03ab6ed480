import {
  type Clock,
  type FunctionSpec,
  HairspringError,
  HOST_LIMITS,
  type HostCallResult,
  isErrorCode,
  type PreparedBinding,
} from '../../core/index.ts';
import type { EntryFault, GuestIsolate, GuestOutput } from '../isolate/guest-isolate.ts';
import type { EntryJournal } from '../observer.ts';
import { BatchEncoder, decodeGuestBatch, type GuestRecord } from '../wire/batch.ts';
import { Fifo, type Flight, type GuestTimer } from './flight.ts';
import { cpuExceeded } from './limit-errors.ts';
import { TimerTable } from './timer-table.ts';

/** Records given to the guest in one entry at the most. */
const MAX_BATCH = 128;
/** Share of the memory limit that the large payloads of one entry may take before the next waits its turn. */
const BATCH_MEMORY_SHARE = 1 / 8;
/** The guest gives a batch back after so long. */
export const BATCH_BUDGET_MS = 5;

type Item =
  | { readonly kind: 'invoke'; readonly flight: Flight }
  | { readonly kind: 'completed'; readonly callId: number; readonly result: HostCallResult }
  | { readonly kind: 'failed'; readonly callId: number; readonly error: HairspringError }
  | { readonly kind: 'forget'; readonly id: number }
  | { readonly kind: 'timer'; readonly timer: GuestTimer }
  | { readonly kind: 'cancelled'; readonly timerId: number };

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
  readonly owner: InstanceOwner;
}

/** One loaded function: its isolate, the invocations in it, and what waits to be told to it. */
export class Instance {
  readonly flights = new Map<number, Flight>();
  readonly #isolate: GuestIsolate;
  readonly #spec: FunctionSpec;
  readonly #bindings: ReadonlyMap<string, PreparedBinding>;
  readonly #clock: Clock;
  readonly #journal: EntryJournal;
  readonly #owner: InstanceOwner;
  readonly #items = new Fifo<Item>();
  readonly #encoder = new BatchEncoder();
  readonly #timers: TimerTable;
  /** Invocations given to it so far. */
  invoked = 0;
  #disposed = false;

  constructor(dependencies: InstanceDependencies) {
    this.#isolate = dependencies.isolate;
    this.#spec = dependencies.spec;
    this.#bindings = dependencies.bindings;
    this.#clock = dependencies.clock;
    this.#journal = dependencies.journal;
    this.#owner = dependencies.owner;
    this.#timers = new TimerTable({
      clock: dependencies.clock,
      flights: this.flights,
      onDue: (timer) => this.#push({ kind: 'timer', timer }),
      onLog: (level, text) => this.#owner.onLog(level, text),
    });
  }

  get hasWork(): boolean {
    return !this.#disposed && this.#items.length > 0;
  }

  get heapBytes(): number {
    return this.#isolate.heapBytes();
  }

  memoryUse(): { readonly heapBytes: number; readonly totalBytes: number } {
    return this.#isolate.memoryUse();
  }

  /** V8's code cache of its script, with what has run of it. */
  codeCache(source: string): Uint8Array | undefined {
    return this.#isolate.codeCache(source, `${this.#spec.name}.js`);
  }

  invoke(flight: Flight): void {
    this.invoked += 1;
    this.flights.set(flight.id, flight);
    this.#items.push({ kind: 'invoke', flight });
  }

  /** Drops an invocation that has been answered for; what it still does is ignored. */
  forget(flight: Flight): void {
    if (!this.#remove(flight)) return;
    this.#push({ kind: 'forget', id: flight.id });
  }

  #remove(flight: Flight): boolean {
    if (!this.flights.delete(flight.id)) return false;
    this.#timers.ended(flight);
    return true;
  }

  #push(item: Item): void {
    if (this.#disposed) return;
    this.#items.push(item);
    this.#owner.onWork();
  }

  /** Enters the isolate once. */
  runOnce(): EntryFault | undefined {
    const nowMs = this.#clock.monotonicMs();
    this.#tellStale();
    const maxExtraBytes = this.#spec.limits.memoryBytes * BATCH_MEMORY_SHARE;
    const given: Item[] = [];
    const started: Flight[] = [];
    while (given.length < MAX_BATCH && !this.#encoder.full && this.#encoder.extraBytes < maxExtraBytes) {
      const item = this.#items.shift();
      if (item === undefined) break;
      if (!this.#encode(item, nowMs)) continue;
      given.push(item);
      if (item.kind === 'invoke') started.push(item.flight);
    }
    if (given.length === 0) return undefined;
    this.#journal.enter(
      this.#spec.id,
      started.map((flight) => flight.invocation),
    );
    const { outputs, taken, fault, unhandled } = this.#isolate.run(
      this.#encoder.take(),
      this.#spec.limits.cpuMs,
    );
    this.#journal.leave();
    // The isolate may be gone before the first record is begun; given again, it would be so for ever.
    const begun = fault === undefined || fault.kind === 'cpu' ? taken : Math.max(1, taken);
    if (begun < given.length) this.#items.unshift(given.slice(begun));
    if (unhandled !== undefined)
      this.#owner.onLog('error', `A promise was rejected and nobody handled it: ${unhandled}`);
    const broken = this.#deliver(outputs);
    if (fault?.kind === 'cpu') this.#deliver(this.#isolate.collect(this.#spec.limits.cpuMs).outputs);
    return broken ?? fault;
  }

  /** Told with the next work, since it is worth no entry of its own. */
  #tellStale(): void {
    if (this.#items.length === 0) return;
    const stale = this.#timers.takeStale();
    if (stale.length > 0) this.#items.unshift(stale.map((timerId) => ({ kind: 'cancelled', timerId })));
  }

  /** @returns whether the item still matters */
  #encode(item: Item, nowMs: number): boolean {
    switch (item.kind) {
      case 'invoke': {
        const { id, invocation, deadlineMs } = item.flight;
        if (!this.flights.has(id)) return false;
        const { triggerIndex, subject, reply, headers, data } = invocation;
        const leftMs = Math.max(0, Math.round(deadlineMs - nowMs));
        this.#encoder.invoke(id, triggerIndex, subject, reply !== '', leftMs, headers, data);
        return true;
      }
      case 'completed':
        this.#encoder.completed(item.callId, item.result.value, item.result.data);
        return true;
      case 'failed':
        this.#encoder.failed(item.callId, item.error);
        return true;
      case 'forget':
        this.#encoder.forget(item.id);
        return true;
      case 'timer':
        if (item.timer.cancelled) return false;
        this.#timers.remove(item.timer);
        this.#encoder.timer(item.timer.id);
        return true;
      case 'cancelled':
        this.#encoder.cancelled(item.timerId);
        return true;
    }
  }

  #deliver(outputs: readonly GuestOutput[]): EntryFault | undefined {
    try {
      for (const output of outputs) {
        for (const record of decodeGuestBatch(output.json, output.extras)) this.#handle(record);
      }
      return undefined;
    } catch (error) {
      return { kind: 'broken', message: HairspringError.from(error).message };
    }
  }

  #handle(record: GuestRecord): void {
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
        this.#call(record);
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
  }

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

  #call(record: Extract<GuestRecord, { kind: 'call' }>): void {
    const flight = this.flights.get(record.id);
    const binding = this.#bindings.get(record.label);
    if (flight === undefined || binding === undefined) {
      const reason =
        binding === undefined ? `there is no binding "${record.label}"` : 'its invocation has ended';
      const error = new HairspringError('HS_BINDING_DENIED', `Cannot call ${record.op}: ${reason}`);
      this.#push({ kind: 'failed', callId: record.callId, error });
      return;
    }
    if (flight.pendingCalls >= HOST_LIMITS.pendingHostCalls) {
      const error = new HairspringError(
        'HS_HOST_CALL_LIMIT',
        `Cannot call ${record.label}.${record.op}: ${HOST_LIMITS.pendingHostCalls} calls are pending already`,
      );
      this.#push({ kind: 'failed', callId: record.callId, error });
      return;
    }
    flight.pendingCalls += 1;
    binding.call(record, flight).then(
      (result) => {
        flight.pendingCalls -= 1;
        this.#push({ kind: 'completed', callId: record.callId, result });
      },
      (error: unknown) => {
        flight.pendingCalls -= 1;
        this.#push({ kind: 'failed', callId: record.callId, error: HairspringError.from(error) });
      },
    );
  }

  /** Invocations that were given to this instance and not begun, taken back in their order. */
  takeUnstarted(): Flight[] {
    const flights: Flight[] = [];
    const kept: Item[] = [];
    for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
      if (item.kind !== 'invoke') kept.push(item);
      else if (this.flights.delete(item.flight.id)) flights.push(item.flight);
    }
    this.#items.unshift(kept);
    return flights;
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#timers[Symbol.dispose]();
    this.flights.clear();
    this.#isolate[Symbol.dispose]();
  }
}
