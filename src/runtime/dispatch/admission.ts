import {
  callerTimeoutMs,
  type FunctionSpec,
  type HairspringError,
  HOST_LIMITS,
  type Invocation,
} from '../../core/index.ts';
import { ByteBudget, messageBytes } from './byte-budget.ts';
import { Fifo } from './fifo.ts';
import type { Flight } from './flight.ts';
import { backlogFull, callerGone, overloaded, payloadTooLarge } from './limit-errors.ts';

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
  /** How many of those that wait have a caller who waits for less than the function's limit. */
  #hurried = 0;
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

  /**
   * Puts an invocation at the end of the queue.
   * @param acceptedMs when it came, by which its deadline is reckoned
   * @returns why it is not taken, if it is not
   */
  accept(invocation: Invocation, acceptedMs: number): Flight | HairspringError {
    const { limits } = this.#spec;
    const size = invocation.data.length;
    if (size > limits.payloadBytes) return payloadTooLarge(this.#spec, size);
    // Both together: within one socket read everything waits and nothing runs yet.
    if (this.#running + this.#waiting.length >= limits.concurrency + limits.queue)
      return overloaded(this.#spec);
    const callerMs = callerTimeoutMs(invocation.headers);
    if (callerMs === 0) return callerGone(this.#spec);
    const bytes = messageBytes(invocation);
    if (!this.#own.fits(bytes)) return backlogFull(this.#spec, 'function', this.#own.limitBytes);
    if (!this.#shared.fits(bytes)) return backlogFull(this.#spec, 'cell', this.#shared.limitBytes);
    this.#own.acquire(bytes);
    this.#shared.acquire(bytes);
    lastFlightId = lastFlightId === MAX_FLIGHT_ID ? 1 : lastFlightId + 1;
    const hurried = callerMs !== undefined && callerMs < limits.timeoutMs;
    if (hurried) this.#hurried += 1;
    const grantedMs = hurried ? callerMs : limits.timeoutMs;
    const flight: Flight = {
      id: lastFlightId,
      invocation,
      bytes,
      acceptedMs,
      grantedMs,
      deadlineMs: acceptedMs + grantedMs,
      startedMs: 0,
      answered: false,
      given: false,
      begun: false,
      cutShort: false,
      heirsUpToId: undefined,
      pendingCalls: 0,
      hasCalled: false,
      calledForOthers: false,
      coldMs: undefined,
      coldReason: undefined,
      trace: undefined,
      timers: undefined,
    };
    this.#waiting.push(flight);
    return flight;
  }

  /** The next that may begin, which `begin` takes from the queue. */
  next(): Flight | undefined {
    return this.#running < this.#spec.limits.concurrency ? this.#waiting.peek() : undefined;
  }

  begin(): void {
    const flight = this.#waiting.shift();
    if (flight !== undefined) this.#noLongerWaits(flight);
    this.#running += 1;
  }

  /** Puts what was begun and never told to the guest back to the front of the queue. */
  giveBack(flights: readonly Flight[]): void {
    this.#running -= flights.length;
    this.#waiting.unshift(flights);
    for (const flight of flights) if (this.#isHurried(flight)) this.#hurried += 1;
  }

  #isHurried({ grantedMs }: Flight): boolean {
    return grantedMs < this.#spec.limits.timeoutMs;
  }

  #noLongerWaits(flight: Flight): void {
    if (this.#hurried > 0 && this.#isHurried(flight)) this.#hurried -= 1;
  }

  /** One that had begun is done. */
  left(flight: Flight): void {
    this.#running -= 1;
    this.#release(flight);
  }

  /** Those whose time is up before they began. */
  expire(nowMs: number): Flight[] {
    const isOver = ({ deadlineMs }: Flight): boolean => deadlineMs <= nowMs;
    // Without callers in a hurry their order is that of their deadlines.
    return this.#hurried === 0 ? this.#takeWhile(isOver) : this.takeWhere(isOver);
  }

  /** Those that wait and that `wanted` picks. Looks at each. */
  takeWhere(wanted: (flight: Flight) => boolean): Flight[] {
    const taken = this.#waiting.removeWhere(wanted);
    for (const flight of taken) {
      this.#noLongerWaits(flight);
      this.#release(flight);
    }
    return taken;
  }

  /** Offers each of those that wait to another; what that does not take goes on waiting here. */
  offer(takes: (flight: Flight) => boolean): void {
    const taken = this.#waiting.removeWhere((flight) => {
      // The other counts it too, in the bytes of them all.
      this.#shared.release(flight.bytes);
      if (takes(flight)) return true;
      this.#shared.acquire(flight.bytes);
      return false;
    });
    for (const flight of taken) {
      this.#noLongerWaits(flight);
      this.#own.release(flight.bytes);
    }
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
      this.#noLongerWaits(flight);
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
