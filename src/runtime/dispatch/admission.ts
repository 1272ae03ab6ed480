import { type FunctionSpec, type HairspringError, HOST_LIMITS, type Invocation } from '../../core/index.ts';
import { ByteBudget, messageBytes } from './byte-budget.ts';
import { Fifo, type Flight } from './flight.ts';
import { backlogFull, overloaded, payloadTooLarge } from './limit-errors.ts';

/** The guest's marks hold ids as signed 32-bit numbers. */
const MAX_FLIGHT_ID = 2 ** 31 - 1;
let lastFlightId = 0;

/**
 * Who waits and how many run, by count and by bytes. What was accepted leaves once: by `expire` or
 * `takeWaiting` while it waits, by `left` after it began.
 */
export class Admission {
  readonly #spec: FunctionSpec;
  readonly #own: ByteBudget;
  readonly #shared: ByteBudget;
  readonly #waiting = new Fifo<Flight>();
  #running = 0;

  constructor(spec: FunctionSpec, shared: ByteBudget) {
    const { backlogBytes, backlogPayloads } = HOST_LIMITS;
    this.#spec = spec;
    this.#own = new ByteBudget(Math.max(backlogBytes, backlogPayloads * spec.limits.payloadBytes));
    this.#shared = shared;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  /** Whether one that waits may begin. */
  get ready(): boolean {
    return this.#waiting.length > 0 && this.#running < this.#spec.limits.concurrency;
  }

  /** Puts an invocation at the end of the queue. @returns why it is not taken, if so */
  accept(invocation: Invocation, acceptedMs: number): HairspringError | undefined {
    const { limits } = this.#spec;
    const size = invocation.data.length;
    if (size > limits.payloadBytes) return payloadTooLarge(this.#spec, size);
    // Both together: within one socket read everything waits and nothing runs yet.
    if (this.#running + this.#waiting.length >= limits.concurrency + limits.queue)
      return overloaded(this.#spec);
    const bytes = messageBytes(invocation);
    if (!this.#own.fits(bytes)) return backlogFull(this.#spec, 'function', this.#own.limitBytes);
    if (!this.#shared.fits(bytes)) return backlogFull(this.#spec, 'cell', this.#shared.limitBytes);
    this.#own.acquire(bytes);
    this.#shared.acquire(bytes);
    lastFlightId = lastFlightId === MAX_FLIGHT_ID ? 1 : lastFlightId + 1;
    this.#waiting.push({
      id: lastFlightId,
      invocation,
      bytes,
      acceptedMs,
      deadlineMs: acceptedMs + limits.timeoutMs,
      answered: false,
      pendingCalls: 0,
      coldMs: undefined,
      coldReason: undefined,
      timers: undefined,
    });
    return undefined;
  }

  /** The next that may begin, which `begin` takes from the queue. */
  next(): Flight | undefined {
    return this.#running < this.#spec.limits.concurrency ? this.#waiting.peek() : undefined;
  }

  begin(): void {
    this.#waiting.shift();
    this.#running += 1;
  }

  /** Puts what was begun and never told to the guest back to the front of the queue. */
  giveBack(flights: readonly Flight[]): void {
    this.#running -= flights.length;
    this.#waiting.unshift(flights);
  }

  /** One that had begun is done. */
  left(flight: Flight): void {
    this.#running -= 1;
    this.#release(flight);
  }

  /** Those whose time is up before they began. */
  expire(nowMs: number): Flight[] {
    return this.#takeWhile(({ deadlineMs }) => deadlineMs <= nowMs);
  }

  takeWaiting(): Flight[] {
    return this.#takeWhile(() => true);
  }

  #takeWhile(wanted: (flight: Flight) => boolean): Flight[] {
    const flights: Flight[] = [];
    for (
      let flight = this.#waiting.peek();
      flight !== undefined && wanted(flight);
      flight = this.#waiting.peek()
    ) {
      this.#waiting.shift();
      this.#release(flight);
      flights.push(flight);
    }
    return flights;
  }

  #release({ bytes }: Flight): void {
    this.#own.release(bytes);
    this.#shared.release(bytes);
  }
}
