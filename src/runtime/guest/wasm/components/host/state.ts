/** What the functions of the host know of the message that an instance works on. */
import type { GuestMessage, Wait } from '../../functions/index.ts';
import { Lines } from '../../shared/lines.ts';
import type { Variant } from '../codec.ts';
import { BytesStream, type InputStream, type OutputStream, ReplyStream } from './stream-objects.ts';

/** @param isFallible whether the component expects a result with a case for errors */
export type HostCall = (state: HostState, args: never, isFallible: boolean) => unknown;
export type HostTable = Readonly<Record<string, HostCall>>;

export interface HostOptions {
  readonly name: string;
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** Service by label. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Whether its standard input is the payload, and what it writes to standard output its reply. */
  readonly isCommand: boolean;
  readonly wait: Wait;
  /** Gives what the component cannot catch. */
  readonly trapError: () => unknown;
}

export class HostState {
  readonly environment: HostOptions['environment'];
  readonly bindings: HostOptions['bindings'];
  readonly wait: Wait;
  readonly #trapError: () => unknown;
  readonly #name: string;
  readonly #isCommand: boolean;
  /** Those of wasi:blobstore that are neither finished nor dropped. */
  outgoingValues = 0;
  /** What it ended with, if it ended itself. */
  exitCode: number | undefined;
  #message: GuestMessage | undefined;
  #input: InputStream | undefined;
  #reply: ReplyStream | undefined;
  #log: Lines | undefined;

  constructor(options: HostOptions) {
    this.environment = options.environment;
    this.bindings = options.bindings;
    this.wait = options.wait;
    this.#trapError = options.trapError;
    this.#name = options.name;
    this.#isCommand = options.isCommand;
  }

  begin(message: GuestMessage): void {
    this.#message = message;
  }

  get args(): readonly string[] {
    return [this.#name, this.#message?.subject ?? ''];
  }

  get stdin(): InputStream {
    this.#input ??= new BytesStream(
      this.#isCommand && this.#message !== undefined ? this.#message.data : new Uint8Array(0),
    );
    return this.#input;
  }

  get stdout(): OutputStream {
    if (!this.#isCommand) return this.stderr;
    this.#reply ??= new ReplyStream();
    return this.#reply;
  }

  get stderr(): OutputStream {
    this.#log ??= new Lines((line) => runtime.pushLog('info', line));
    return this.#log;
  }

  exit(code: number): never {
    this.exitCode = code;
    throw this.#trapError();
  }

  /** All that was written to standard output, when the invocation is over. */
  end(): Uint8Array {
    this.#log?.end();
    return this.#reply?.bytes() ?? new Uint8Array(0);
  }

  /** Nothing of the message is left to the next one. */
  clear(): void {
    this.outgoingValues = 0;
    this.exitCode = undefined;
    this.#message = undefined;
    this.#input = undefined;
    this.#reply = undefined;
    this.#log = undefined;
  }
}

export function ok(value?: unknown): Variant {
  return { tag: 0, value };
}

export function failed(value?: unknown): Variant {
  return { tag: 1, value };
}

/** An error of a host call as text: its code and the message. */
export function describeError(error: unknown): string {
  const { code, message } = error as Error & { readonly code?: string };
  return code === undefined ? String(error) : `${code}: ${message}`;
}

export const NONE: Variant = { tag: 0, value: undefined };

export function some(value: unknown): Variant {
  return { tag: 1, value };
}
