import {
  type Clock,
  type FunctionSpec,
  HairspringError,
  HOST_LIMITS,
  type HostCallResult,
  type InvocationStatus,
  type Observer,
  type PreparedBinding,
} from '../../core/index.ts';
import type { GuestRecord } from '../wire/batch.ts';
import type { Flight } from './flight.ts';
import { GuestCall } from './guest-call.ts';

export interface PendingCallsOptions {
  readonly spec: FunctionSpec;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly bindings: ReadonlyMap<string, PreparedBinding>;
  /** Invocations in progress, in the order in which they began. */
  readonly flights: ReadonlyMap<number, Flight>;
  readonly onCompleted: (callId: number, result: HostCallResult) => void;
  readonly onFailed: (callId: number, error: HairspringError) => void;
}

const NONE: readonly number[] = [];

/**
 * The host calls of one instance. The answer to one whose invocation has ended goes nowhere, unless another
 * invocation that was there at that end is still in progress: it may wait for the same promise.
 */
export class PendingCalls {
  readonly #options: PendingCallsOptions;
  /** Calls that the guest is to forget. */
  #dropped: number[] = [];

  constructor(options: PendingCallsOptions) {
    this.#options = options;
  }

  call(record: Extract<GuestRecord, { kind: 'call' }>): void {
    const { bindings, flights, observer, onCompleted, onFailed } = this.#options;
    const { callId } = record;
    const flight = flights.get(record.id);
    const binding = bindings.get(record.label);
    if (flight === undefined || binding === undefined) {
      const reason =
        binding === undefined ? `there is no binding "${record.label}"` : 'its invocation has ended';
      onFailed(callId, new HairspringError('HS_BINDING_DENIED', `Cannot call ${record.op}: ${reason}`));
      return;
    }
    if (flight.pendingCalls >= HOST_LIMITS.pendingHostCalls) {
      const detail = `${HOST_LIMITS.pendingHostCalls} calls are pending already`;
      onFailed(
        callId,
        new HairspringError('HS_HOST_CALL_LIMIT', `Cannot call ${record.label}.${record.op}: ${detail}`),
      );
      return;
    }
    flight.pendingCalls += 1;
    const observed = observer.wantsDetails() ? this.#begin(flight, record) : undefined;
    binding.call(record, observed ?? flight).then(
      (result) => {
        flight.pendingCalls -= 1;
        if (observed !== undefined) this.#finish(observed, 'ok');
        if (this.#isAwaited(flight)) onCompleted(callId, result);
        else this.#dropped.push(callId);
      },
      (cause: unknown) => {
        flight.pendingCalls -= 1;
        const error = HairspringError.from(cause);
        if (observed !== undefined) this.#finish(observed, error.code);
        if (this.#isAwaited(flight)) onFailed(callId, error);
        else this.#dropped.push(callId);
      },
    );
  }

  #begin(flight: Flight, record: Extract<GuestRecord, { kind: 'call' }>): GuestCall {
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
    if (heirsUpToId === undefined) return true;
    const oldest = this.#options.flights.values().next();
    return oldest.done !== true && oldest.value.id <= heirsUpToId;
  }

  /** Calls that the guest is to forget; each is told once. */
  takeDropped(): readonly number[] {
    if (this.#dropped.length === 0) return NONE;
    const dropped = this.#dropped;
    this.#dropped = [];
    return dropped;
  }
}
