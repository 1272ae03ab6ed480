import {
  type Clock,
  type ErrorCode,
  type FunctionSpec,
  formatBytes,
  HairspringError,
  HOST_LIMITS,
  type HostCallResult,
  type InvocationStatus,
  type Observer,
  type PreparedBinding,
  type ReadonlyIdTable,
} from '../../core/index.ts';
import { CallGate, type CallRecord, MAX_WAITING_BYTES } from './call-gate.ts';
import { type Flight, heirOf } from './flight.ts';
import { GuestCall } from './guest-call.ts';
import { Releases } from './releases.ts';

export interface PendingCallsOptions {
  readonly spec: FunctionSpec;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly bindings: ReadonlyMap<string, PreparedBinding>;
  /** Invocations in progress. */
  readonly flights: ReadonlyIdTable<Flight>;
  readonly onCompleted: (callId: number, result: HostCallResult) => void;
  readonly onFailed: (callId: number, error: HairspringError) => void;
  readonly onLog: (level: string, text: string) => void;
}

const NONE: readonly number[] = [];
/** Calls of ended invocations that are told so, from the start of one invocation to that of the next. */
const MAX_LATE_CALLS = 256;

/**
 * The host calls of one instance. One that is made in the name of an invocation that has ended is the oldest's that
 * may have made it. The answer to one whose invocation has ended goes nowhere, unless another invocation that was
 * there at that end is still in progress: it may wait for the same promise. A call that waited for room when its
 * invocation ended is carried out all the same if that has replied and its time is not over.
 */
export class PendingCalls implements Disposable {
  readonly #options: PendingCallsOptions;
  readonly #gate: CallGate;
  readonly #releases: Releases;
  /** Calls that the guest is to forget. */
  #dropped: number[] = [];
  #lateCalls = 0;

  constructor(options: PendingCallsOptions) {
    this.#options = options;
    this.#releases = new Releases(options.flights, options.bindings);
    this.#gate = new CallGate({
      perform: (flight, record) => this.#perform(flight, record),
      isWanted: (flight) => this.#isWanted(flight),
      drop: ({ callId }) => this.#dropped.push(callId),
    });
  }

  /** An invocation begins. */
  begun(): void {
    this.#lateCalls = 0;
  }

  /** An invocation has ended, and is no longer among the flights. */
  ended(flight: Flight): void {
    this.#releases.ended(flight);
  }

  call(record: CallRecord): void {
    const { label, op, newestId } = record;
    const { flights } = this.#options;
    const own = flights.get(record.id);
    const flight = own ?? heirOf(flights, newestId);
    if (flight === undefined) {
      this.#refuseLate(record);
      return;
    }
    if (!this.#options.bindings.has(label)) {
      this.#refuse(record, 'HS_BINDING_DENIED', `Cannot call ${op}: there is no binding "${label}"`);
      return;
    }
    const isOver = flight.pendingCalls >= HOST_LIMITS.pendingHostCalls;
    flight.hasCalled = true;
    if (own === undefined) flight.calledForOthers = true;
    if (!isOver && this.#gate.enter(flight, record)) {
      flight.pendingCalls += 1;
      return;
    }
    const detail = isOver
      ? `${HOST_LIMITS.pendingHostCalls} calls are pending already`
      : `the calls of the function that wait would take more than ${formatBytes(MAX_WAITING_BYTES)}`;
    this.#refuse(record, 'HS_HOST_CALL_LIMIT', `Cannot call ${label}.${op}: ${detail}`);
  }

  /** Nothing bounds what goes on after an invocation: told again and again, it would live by that. */
  #refuseLate(record: CallRecord): void {
    this.#lateCalls += 1;
    if (this.#lateCalls > MAX_LATE_CALLS) this.#dropped.push(record.callId);
    else this.#refuse(record, 'HS_BINDING_DENIED', `Cannot call ${record.op}: its invocation has ended`);
  }

  #refuse({ callId }: CallRecord, code: ErrorCode, message: string): void {
    this.#options.onFailed(callId, new HairspringError(code, message));
  }

  #perform(flight: Flight, record: CallRecord): void {
    const { bindings, observer, onCompleted, onFailed } = this.#options;
    const { callId } = record;
    const observed = observer.wantsDetails() ? this.#begin(flight, record) : undefined;
    bindings
      .get(record.label)
      ?.call(record, observed ?? flight)
      .then(
        (result) => {
          flight.pendingCalls -= 1;
          if (observed !== undefined) this.#finish(observed, 'ok');
          const awaited = this.#isAwaited(flight);
          this.#gate.ended(record, awaited ? result : undefined);
          if (awaited) onCompleted(callId, result);
          else this.#dropped.push(callId);
          this.#releases.callDone(flight);
        },
        (cause: unknown) => {
          flight.pendingCalls -= 1;
          const error = toHostCallError(cause, record);
          if (observed !== undefined) this.#finish(observed, error.code);
          this.#gate.ended(record, undefined);
          if (this.#isAwaited(flight)) onFailed(callId, error);
          else this.#dropped.push(callId);
          this.#releases.callDone(flight);
        },
      );
  }

  #begin(flight: Flight, record: CallRecord): GuestCall {
    const { spec, clock, observer } = this.#options;
    const call = new GuestCall(flight, record, clock.monotonicMs());
    observer.onCallStarted(spec, call);
    return call;
  }

  #finish(call: GuestCall, status: InvocationStatus): void {
    const { spec, clock, observer } = this.#options;
    observer.onCallFinished(spec, call, status, clock.monotonicMs());
  }

  #isAwaited({ heirsUpToId }: Flight): boolean {
    return heirsUpToId === undefined || heirOf(this.#options.flights, heirsUpToId) !== undefined;
  }

  #isWanted(flight: Flight): boolean {
    if (this.#isAwaited(flight)) return true;
    if (flight.cutShort) return false;
    const { clock, onLog } = this.#options;
    if (clock.monotonicMs() < flight.deadlineMs) return true;
    flight.cutShort = true;
    onLog(
      'warn',
      'Host calls of an invocation that has replied were not begun: they waited until its deadline',
    );
    return false;
  }

  /** A result has gone to the guest. */
  delivered(result: HostCallResult): void {
    this.#gate.delivered(result);
  }

  [Symbol.dispose](): void {
    this.#releases[Symbol.dispose]();
  }

  /** Calls that the guest is to forget; each is told once. */
  takeDropped(): readonly number[] {
    if (this.#dropped.length === 0) return NONE;
    const dropped = this.#dropped;
    this.#dropped = [];
    return dropped;
  }
}

/** What is none of ours may name files and addresses of the host, so the guest is told none of it. */
function toHostCallError(cause: unknown, { label, op }: CallRecord): HairspringError {
  if (HairspringError.is(cause)) return cause;
  return new HairspringError('HS_INTERNAL', `Cannot call ${label}.${op}: the host service failed`, { cause });
}
