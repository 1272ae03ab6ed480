/** What a web feature is given of the runtime (../features.js). */
interface GuestRuntime {
  /**
   * Asks the host at once, for what V8 does not have and the host computes from the arguments alone
   * (../../isolate/door.ts). `undefined` when the host refuses: an unknown `op`, or arguments that it
   * does not take.
   */
  door(op: string, first?: DoorValue, second?: DoorValue, third?: DoorValue): DoorValue;
  /** The exports of another feature, its globals and its `internals`. */
  use(feature: string): Record<string, unknown>;
  /** The same if somebody has asked for it before: a value is none of a feature's own while it has none. */
  made(feature: string): Record<string, unknown> | undefined;
  /** The features that there are by now. */
  madeNames(): string[];
  /** The invocation whose code runs, or that it is thought to be; undefined at the top level. */
  currentInvocation(): object | undefined;
  /** Whether an invocation has not ended. */
  isOpen(invocation: object): boolean;
  /** Makes one host call; resolves with what `convert` makes of the answer. */
  callHost<Result>(
    label: string,
    op: string,
    args: (string | number)[],
    payload: unknown,
    convert: (value: unknown, payload: GuestPayload) => Result,
  ): Promise<Result>;
  encodeUtf8(text: string): Uint8Array<ArrayBuffer>;
  decodeUtf8(bytes: Uint8Array, fatal: boolean): string;
  payloadBytes(payload: GuestPayload): Uint8Array<ArrayBuffer>;
  payloadText(payload: GuestPayload): string;
  /**
   * Copies the payload of a message from its byte `offset` on to `target[at]`, as much as fits into `room`.
   * @returns how many bytes there are from `offset` on
   */
  readPayload(message: object, offset: number, target: Uint8Array, at: number, room: number): number;
  /** A value as text for the log; never throws. */
  inspect(value: unknown): string;
  pushLog(level: string, text: string): void;
  /** So much WebAssembly memory was let go of; the host replaces an isolate that has lost too much. */
  lost(bytes: number): void;
  /** `listener` is called when an invocation is ended by force, which is no longer open then; there is one. */
  whenEnded(listener: () => void): void;
  /** Captured before it is hidden from functions. */
  readonly wasm: WebAssemblyApi;
  readonly Reply: new (body: unknown, options: { headers: Record<string, string | string[]> }) => object;
  /** The same for the console, within its groups. */
  log(level: string, text: string): void;
  /**
   * A timer of the current invocation, whatever the guest has made of `setTimeout`. It ends with the invocations
   * that there were when it was set, so nobody may take it that it fires.
   * @returns its id, or 0 when there are too many
   */
  setTimer(action: () => void, delayMs: number): number;
  clearTimer(id: number): void;
  isTimerArmed(id: number): boolean;
  /** Whether it is armed and ends no sooner than the current invocation. */
  isTimerKept(id: number): boolean;
  readonly HostError: new (code: string, message: string, retryable: boolean) => Error;
}

type DoorValue = string | number | boolean | ArrayBuffer | undefined;

/** The payload of an answer, as it crossed. */
interface GuestPayload {
  readonly kind: number;
  readonly value: string | ArrayBuffer;
}

declare const runtime: GuestRuntime;

declare function setTimeout(action: () => void, delayMs: number): number;
