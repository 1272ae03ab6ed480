import type { HostCallResult } from '../../core/index.ts';
import type { GuestRecord } from '../wire/guest-records.ts';
import { Fifo, type Flight } from './flight.ts';

export type CallRecord = Extract<GuestRecord, { kind: 'call' }>;

/** Calls of one instance that are carried out at once; the others wait. */
const MAX_RUNNING = 512;
/** Bytes of payloads and results of one instance that are in the host: above it no further call begins. */
const MAX_HELD_BYTES = 16 * 1024 ** 2;
/** Bytes of payloads that may wait. */
const MAX_WAITING_BYTES = 32 * 1024 ** 2;

interface Waiting {
  readonly flight: Flight;
  readonly record: CallRecord;
}

export interface CallGateOptions {
  /** Carries a call out and tells `ended` of it. */
  readonly perform: (flight: Flight, record: CallRecord) => void;
  /** Whether anybody still waits for the calls of an invocation. */
  readonly isAwaited: (flight: Flight) => boolean;
  /** Nobody waits any more for a call that has not begun. */
  readonly drop: (record: CallRecord) => void;
}

/**
 * How much of the host's memory the host calls of one instance take. An invocation may have many calls
 * pending, a function many invocations, and a result may be as large as the server lets through: what is
 * bounded by their number only is not bounded.
 */
export class CallGate {
  readonly #perform: (flight: Flight, record: CallRecord) => void;
  readonly #isAwaited: (flight: Flight) => boolean;
  readonly #drop: (record: CallRecord) => void;
  readonly #waiting = new Fifo<Waiting>();
  #running = 0;
  #heldBytes = 0;
  #waitingBytes = 0;

  constructor({ perform, isAwaited, drop }: CallGateOptions) {
    this.#perform = perform;
    this.#isAwaited = isAwaited;
    this.#drop = drop;
  }

  /** Carries a call out, now or as soon as there is room. @returns whether it is taken */
  enter(flight: Flight, record: CallRecord): boolean {
    const bytes = payloadBytes(record);
    if (this.#isOpen() && this.#waiting.length === 0) {
      this.#begin(flight, record, bytes);
      return true;
    }
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) return false;
    this.#waitingBytes += bytes;
    this.#waiting.push({ flight, record });
    return true;
  }

  #isOpen(): boolean {
    return this.#running < MAX_RUNNING && this.#heldBytes < MAX_HELD_BYTES;
  }

  #begin(flight: Flight, record: CallRecord, bytes: number): void {
    this.#running += 1;
    this.#heldBytes += bytes;
    this.#perform(flight, record);
  }

  /** A call that `enter` began is done; its result waits to be delivered. */
  ended(record: CallRecord, result: HostCallResult | undefined): void {
    this.#running -= 1;
    this.#heldBytes += (result?.data?.length ?? 0) - payloadBytes(record);
    this.#advance();
  }

  /** A result has gone to the guest, or to nobody. */
  delivered({ data }: HostCallResult): void {
    if (data === undefined) return;
    this.#heldBytes -= data.length;
    this.#advance();
  }

  #advance(): void {
    while (this.#waiting.length > 0 && this.#isOpen()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const bytes = payloadBytes(next.record);
      this.#waitingBytes -= bytes;
      if (this.#isAwaited(next.flight)) this.#begin(next.flight, next.record, bytes);
      else this.#drop(next.record);
    }
  }
}

function payloadBytes({ payload }: CallRecord): number {
  return payload?.length ?? 0;
}
