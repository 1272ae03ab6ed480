import type { HeaderPairs, Outcome } from './invocation.ts';
import type { ServiceBinding } from './manifest.ts';
import type { TraceCarrier } from './trace-context.ts';

/** What a host call gives back: a JSON value, and bytes beside it. */
export interface HostCallResult {
  readonly value: unknown;
  readonly data?: Uint8Array | undefined;
}

/** One host call as it left the guest. Nothing in it is trusted. */
export interface HostCall {
  readonly op: string;
  readonly args: readonly (string | number | null)[];
  readonly payload: string | Uint8Array | undefined;
}

/** The invocation that makes a host call. */
export interface HostCaller {
  /** Unique among the invocations of its function. */
  readonly id: number;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** The span of the call, when it is traced; `traceHeaderPairs` makes headers of it. */
  readonly trace?: TraceCarrier | undefined;
  readonly invocation?: { readonly headers: HeaderPairs | undefined };
  /** Told of what the call comes to need beside what its arguments name, as the target of a redirect. */
  alsoNames?(name: string): void;
}

/** A binding made ready for one function. Checks each call against the grant before it touches anything outside. */
export interface PreparedBinding {
  /** Rejects with a HairspringError, which the guest may catch. */
  call(call: HostCall, caller: HostCaller): Promise<HostCallResult>;
  /** Whether the call goes on with something that is open here. @default it never does */
  holds?(call: HostCall): boolean;
  /**
   * An invocation that has called it has ended, however it did: what it has left open is released. Comes again
   * when a call that was under way at that time is done.
   */
  ended?(callerId: number): void;
  /**
   * Nobody waits any more for what an invocation has begun that was ended by force: it was cancelled, or its time was
   * over. Not told of one that has replied and left calls to themselves.
   */
  abandoned?(callerId: number): void;
}

/** What a binding does within the process, without a connection. */
export interface LocalBinding {
  /**
   * @returns undefined when the call needs a connection
   * @throws as {@link PreparedBinding.call} rejects
   */
  call(call: HostCall, caller: HostCaller): Promise<HostCallResult> | undefined;
  /** As {@link PreparedBinding.abandoned}. */
  abandoned(callerId: number): void;
}

/** A host service in the cell: how to serve one kind of binding. */
export interface HostService<Kind extends ServiceBinding = ServiceBinding> {
  readonly name: Kind['service'];
  /** Called once per function and binding when the function is activated; must not wait. */
  prepare(label: string, binding: Kind): PreparedBinding;
  /** Resolves when what ended invocations had open is given back. @default it is by `ended` */
  settled?(): Promise<void>;
}

/** One function calls another by its name. */
export interface FunctionCall {
  readonly name: string;
  /** The subject that the message is to have; empty for the one that the function has by itself. */
  readonly subject: string;
  readonly headers: HeaderPairs;
  readonly data: Uint8Array;
}

/** A call of another function that is under way. */
export interface LocalCall {
  /** Rejects with the HairspringError that the function was answered with. */
  readonly answered: Promise<Outcome>;
  /** Nobody waits for the answer any more. */
  abandon(): void;
}

/** The functions of a namespace that this process serves. */
export interface LocalFunctions {
  has(name: string): boolean;
  /** One that is not among them is answered with HS_FUNCTION_NOT_FOUND. */
  call(call: FunctionCall): LocalCall;
}
