import type { HostCallResult } from '../../core/index.ts';
import type { GuestRecord } from '../wire/guest-records.ts';
import { Fifo } from './fifo.ts';
import type { Flight } from './flight.ts';

export type CallRecord = Extract<GuestRecord, { kind: 'call' }>;

/** Calls of one instance that are carried out at once; the others wait. */
const MAX_RUNNING = 512;
/** Bytes of payloads and results of one instance that are in the host: above it no further call begins. */
const MAX_HELD_BYTES = 16 * 1024 ** 2;
/** What the calls that wait may take together, however small they are. */
export const MAX_WAITING_BYTES: number = 32 * 1024 ** 2;
/** A call that waits, without its payload and arguments. */
const CALL_BYTES = 256;

interface Waiting {
  readonly flight: Flight;
  readonly record: CallRecord;
}

export interface CallGateOptions {
  /** Carries a call out and tells `ended` of it. */
  readonly perform: (flight: Flight, record: CallRecord) => void;
  /** Whether calls of an invocation that have waited are still to be carried out. */
  readonly isWanted: (flight: Flight) => boolean;
  /** A call that was taken is not carried out. */
  readonly drop: (record: CallRecord) => void;
}

/**
 * How much of the host's memory the host calls of one instance take. An invocation may have many calls
 * pending, a function many invocations, and a result may be as large as the server lets through: what is
 * bounded by their number only is not bounded.
 */
export class CallGate {
  readonly #perform: (flight: Flight, record: CallRecord) => void;
  readonly #isWanted: (flight: Flight) => boolean;
  readonly #drop: (record: CallRecord) => void;
  readonly #waiting = new Fifo<Waiting>();
  #running = 0;
  #heldBytes = 0;
  #waitingBytes = 0;

  constructor({ perform, isWanted, drop }: CallGateOptions) {
    this.#perform = perform;
    this.#isWanted = isWanted;
    this.#drop = drop;
  }

  /** Carries a call out, now or as soon as there is room. @returns whether it is taken */
  enter(flight: Flight, record: CallRecord): boolean {
    if (this.#isOpen() && this.#waiting.length === 0) {
      this.#begin(flight, record);
      return true;
    }
    const bytes = waitingBytes(record);
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) return false;
    this.#waitingBytes += bytes;
    this.#waiting.push({ flight, record });
    return true;
  }

  #isOpen(): boolean {
    return this.#running < MAX_RUNNING && this.#heldBytes < MAX_HELD_BYTES;
  }

  #begin(flight: Flight, record: CallRecord): void {
    this.#running += 1;
    this.#heldBytes += payloadBytes(record);
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
      this.#waitingBytes -= waitingBytes(next.record);
      if (this.#isWanted(next.flight)) this.#begin(next.flight, next.record);
      else this.#drop(next.record);
    }
  }
}

function payloadBytes({ payload }: CallRecord): number {
  return payload?.length ?? 0;
}

function waitingBytes(record: CallRecord): number {
  let bytes = CALL_BYTES + payloadBytes(record);
  for (const arg of record.args) if (typeof arg === 'string') bytes += arg.length;
  return bytes;
}
