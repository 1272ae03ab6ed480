/**
 * What a cell tells about the work in it. Observing is optional: every method of {@link SilentObserver}
 * does nothing, and who wants to know of something extends it.
 */
import type { ColdReason } from './cold-reason.ts';
import type { FunctionSpec } from './definition.ts';
import type { ErrorCode } from './error-codes.ts';
import type { Invocation } from './invocation.ts';
import type { TraceCarrier } from './trace-context.ts';

/** What becomes of an instance: made; given up for others or for its age; worn out; lost with its invocations. */
export type PoolChange = 'woken' | 'evicted' | 'recycled' | 'lost';

export type InvocationStatus = 'ok' | ErrorCode;

/** An accepted invocation; times are on the monotonic clock, in milliseconds. */
export interface ObservedInvocation {
  readonly id: number;
  readonly invocation: Invocation;
  readonly acceptedMs: number;
  readonly deadlineMs: number;
  /** When it was given to the guest; 0 while it waits. */
  readonly startedMs: number;
  /** Present when it made the instance. */
  readonly coldMs: number | undefined;
  readonly coldReason: ColdReason | undefined;
  /** Set by the observer that traces it; what the invocation sends out belongs to this span. */
  trace: TraceCarrier | undefined;
}

export interface FinishedInvocation {
  readonly invocation: Invocation;
  readonly flight: ObservedInvocation;
  readonly status: InvocationStatus;
  /** From acceptance to reply. */
  readonly durationMs: number;
  readonly finishedMs: number;
  readonly coldMs: number | undefined;
  readonly coldReason: ColdReason | undefined;
  readonly replyBytes: number;
}

/** One call of a guest to a host service. Its observers add to it until it is finished. */
export interface ObservedCall {
  readonly flight: ObservedInvocation;
  /** Of the binding; `$name` for what every function has. */
  readonly label: string;
  /** As the guest gave it: one of its service, or anything if the call ends with HS_HOST_CALL_INVALID. */
  readonly op: string;
  readonly args: readonly (string | number | null)[];
  readonly startedMs: number;
  /** What it came to need beside what its arguments name, in this order; as the targets of redirects. */
  readonly alsoNamed?: readonly string[];
  trace: TraceCarrier | undefined;
}

export interface Observer {
  /** Whether single steps matter to anybody: unless it is true, only `onFinished`, `onPool` and `onLog` are called. */
  wantsDetails(): boolean;
  /** Accepted, and waiting for its turn. */
  onReceived(spec: FunctionSpec, flight: ObservedInvocation): void;
  /** Not accepted: it is answered with `status` and nothing else is told of it. */
  onRefused(spec: FunctionSpec, invocation: Invocation, status: ErrorCode): void;
  /** Given to the guest for the first time: what an entry does not come to is given again. */
  onStarted(spec: FunctionSpec, flight: ObservedInvocation): void;
  /** Answered, or ended without an answer. */
  onFinished(spec: FunctionSpec, finished: FinishedInvocation): void;
  onCallStarted(spec: FunctionSpec, call: ObservedCall): void;
  onCallFinished(spec: FunctionSpec, call: ObservedCall, status: InvocationStatus, finishedMs: number): void;
  /** The isolate of a function was entered once, with so many records. */
  onBatch(spec: FunctionSpec, records: number): void;
  /** An instance was made, or given up. */
  onPool(spec: FunctionSpec, change: PoolChange): void;
  /** A line that the function logged, or that the runtime says about it. */
  onLog(spec: FunctionSpec, level: string, text: string): void;
}

/** Observes nothing. */
export class SilentObserver implements Observer {
  wantsDetails(): boolean {
    return false;
  }
  onReceived(_spec: FunctionSpec, _flight: ObservedInvocation): void {}
  onRefused(_spec: FunctionSpec, _invocation: Invocation, _status: ErrorCode): void {}
  onStarted(_spec: FunctionSpec, _flight: ObservedInvocation): void {}
  onFinished(_spec: FunctionSpec, _finished: FinishedInvocation): void {}
  onCallStarted(_spec: FunctionSpec, _call: ObservedCall): void {}
  onCallFinished(
    _spec: FunctionSpec,
    _call: ObservedCall,
    _status: InvocationStatus,
    _finishedMs: number,
  ): void {}
  onBatch(_spec: FunctionSpec, _records: number): void {}
  onPool(_spec: FunctionSpec, _change: PoolChange): void {}
  onLog(_spec: FunctionSpec, _level: string, _text: string): void {}
}
