import {
  type Clock,
  type ColdReason,
  type ErrorCode,
  type FunctionSpec,
  type FunctionStats,
  type HairspringError,
  noColdStarts,
  type Observer,
  withMessage,
} from '../../core/index.ts';
import type { GuestRecord } from '../wire/guest-records.ts';
import type { Flight } from './flight.ts';

export interface OutcomeTellers {
  readonly clock: Clock;
  readonly observer: Observer;
  /** An error's stack as its author wants to read it. */
  readonly mapStack: (spec: FunctionSpec, stack: string) => string;
  /** The same of a line of its log that may have stacks in it. @default as it is */
  readonly mapText?: (spec: FunctionSpec, text: string) => string;
  /** A line of the function's log, or the text of an error, as others may read it. @default as it is */
  readonly redact?: (text: string) => string;
}

/** What a function has done so far, as `info` and `list` show it. */
export type OutcomeStats = Pick<
  FunctionStats,
  'invocations' | 'errors' | 'coldStarts' | 'coldReasons' | 'prewarmed' | 'busyMs' | 'lastColdMs'
>;

/** Tells callers, the log and the observer what became of the invocations of one function, and counts it. */
export class Outcomes {
  readonly #spec: FunctionSpec;
  readonly #tellers: OutcomeTellers;
  readonly #coldReasons: Record<ColdReason, number> = noColdStarts();
  #invocations = 0;
  #errors = 0;
  #coldStarts = 0;
  #prewarmed = 0;
  #busyMs = 0;
  #lastColdMs = 0;
  #lastUsedMs = 0;

  constructor(spec: FunctionSpec, tellers: OutcomeTellers) {
    this.#spec = spec;
    this.#tellers = tellers;
  }

  /** When the last invocation was over. */
  get lastUsedMs(): number {
    return this.#lastUsedMs;
  }

  /** Whether there ever was an instance. */
  get hadInstance(): boolean {
    return this.#coldStarts + this.#prewarmed > 0;
  }

  log(level: string, text: string): void {
    const { observer, redact } = this.#tellers;
    observer.onLog(this.#spec, level, redact === undefined ? text : redact(text));
  }

  /** What a guest has logged, or what is said of it that has a stack. */
  logGuest(level: string, text: string): void {
    const isOfErrors = level === 'error' || level === 'warn';
    this.log(level, (isOfErrors ? this.#tellers.mapText?.(this.#spec, text) : undefined) ?? text);
  }

  /** An instance was made before an invocation needed it. */
  prewarmed(): void {
    this.#prewarmed += 1;
  }

  /** An instance was made for `flight`, once more if there was one that began it in vain. */
  woken(flight: Flight, tookMs: number, reason: ColdReason): void {
    if (flight.coldReason === undefined) {
      this.#coldStarts += 1;
      this.#coldReasons[reason] += 1;
      this.#lastColdMs = tookMs;
    }
    flight.coldMs = (flight.coldMs ?? 0) + tookMs;
    flight.coldReason = reason;
  }

  replied(flight: Flight, record: Extract<GuestRecord, { kind: 'reply' }>): void {
    flight.invocation.succeed(record);
    this.#finish(flight, 'ok', record.payload?.length ?? 0);
  }

  /** @param stack of what the guest threw; "" when there is none */
  threw(flight: Flight, error: HairspringError, stack: string): void {
    this.log('error', stack === '' ? error.message : this.#tellers.mapStack(this.#spec, stack));
    this.#fail(flight, error);
  }

  /** It was ended whatever it still did: a caller that has its reply hears nothing. */
  ended(flight: Flight, error: HairspringError): void {
    this.log(flight.answered ? 'warn' : 'error', error.message);
    if (flight.answered) return;
    flight.answered = true;
    this.#fail(flight, error);
  }

  /** None of them had begun. */
  failAll(flights: readonly Flight[], error: HairspringError): void {
    if (flights.length > 0) this.log('error', error.message);
    for (const flight of flights) this.#fail(flight, error);
  }

  #fail(flight: Flight, error: HairspringError): void {
    const { redact } = this.#tellers;
    flight.invocation.fail(redact === undefined ? error : withMessage(error, redact(error.message)));
    this.#finish(flight, error.code, 0);
  }

  #finish(flight: Flight, status: 'ok' | ErrorCode, replyBytes: number): void {
    this.#lastUsedMs = this.#tellers.clock.monotonicMs();
    const durationMs = this.#lastUsedMs - flight.acceptedMs;
    this.#invocations += 1;
    if (status !== 'ok') this.#errors += 1;
    this.#busyMs += durationMs;
    const { invocation, coldMs, coldReason } = flight;
    this.#tellers.observer.onFinished(this.#spec, {
      invocation,
      flight,
      status,
      durationMs,
      finishedMs: this.#lastUsedMs,
      coldMs,
      coldReason,
      replyBytes,
    });
  }

  stats(): OutcomeStats {
    return {
      invocations: this.#invocations,
      errors: this.#errors,
      coldStarts: this.#coldStarts,
      coldReasons: { ...this.#coldReasons },
      prewarmed: this.#prewarmed,
      busyMs: this.#busyMs,
      lastColdMs: this.#lastColdMs,
    };
  }
}
