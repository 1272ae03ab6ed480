/** The closure that the guest scripts share; see README.md. */

/** Sends one batch of records to the host: JSON text and the payloads too large to quote in it. `null` as for `hostDoor`. */
declare const hostSend: (json: string, ...extras: unknown[]) => null | undefined;
/**
 * [0] id of the invocation that runs, [1] records taken from the batch, [2] 1 once the batch is done, [3] KiB of
 * WebAssembly memory that were let go of. Shared with the host (../isolate/entry-marks.ts).
 */
declare const marks: Int32Array;

/** What the host computes at once from the arguments alone; `null` when the entry is over its CPU limit. */
declare const hostDoor: (op: string, first?: unknown, second?: unknown, third?: unknown) => unknown;

/** What web features are given; they have their own types in web/runtime.d.ts. */
type GuestRuntime = unknown;

/** What the feature `console` gives to console.js. */
interface GuestConsole {
  format(values: readonly unknown[]): string;
  inspect(value: unknown): string;
  readonly methods: Readonly<Record<string, (...values: unknown[]) => void>>;
}

interface GuestInvocation {
  id: number;
  /** When its batch began, in milliseconds since the epoch. */
  startedAt: number;
  /** From then to its deadline. */
  leftMs: number;
  settled: boolean;
  /** Host calls and timers that it waits for. */
  pendingCalls: number;
  /** Of these the host calls. */
  hostCalls: number;
  pendingTails: number;
  /** Where its trace is read from: its place in the trace when it is traced, else the headers of its message. */
  origin: string[] | 0;
  traced: boolean;
  /** The newest invocation known when something was first begun in the name of this one after its end; 0 until then. */
  newestId: number;
  /** Made when its signal is asked for, or when it is aborted before. */
  abort: GuestAbort | undefined;
  /** Its neighbours among the open ones. */
  before: GuestInvocation | undefined;
  after: GuestInvocation | undefined;
}

interface GuestAbort {
  controller: AbortControllerLike | undefined;
  /** Why the invocation was aborted; undefined while it was not. */
  reason: unknown;
}

/** The part of https://dom.spec.whatwg.org/#interface-abortcontroller that is needed. */
interface AbortControllerLike {
  readonly signal: unknown;
  abort(reason: unknown): void;
}

interface GuestPayload {
  /** 0 none, 1 text, 2 bytes as a Latin-1 string, 3 index into the extras. */
  kind: number;
  value: string | ArrayBuffer;
}

/** Makes the object that the handler finds under a binding's label. */
type ServiceFactory = (
  call: <Result>(
    op: string,
    args: (string | number)[],
    payload: unknown,
    convert: AnswerConverter<Result>,
  ) => Promise<Result>,
) => object;

/** Makes the result of a host call from the value and the payload that came back. */
type AnswerConverter<Result> = (value: unknown, payload: GuestPayload) => Result;

type HostCaller = <Result>(
  label: string,
  op: string,
  args: (string | number)[],
  payload: unknown,
  convert: AnswerConverter<Result>,
) => Promise<Result>;

interface PendingCall {
  invocation: GuestInvocation | undefined;
  convert: AnswerConverter<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type GuestHandlers = Record<string, ((...args: unknown[]) => unknown) | undefined>;
