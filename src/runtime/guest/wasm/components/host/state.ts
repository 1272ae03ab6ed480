/** What the functions of the host know of the message that an instance works on. */
import type { Variant } from '../codec.ts';
import { InputStream, LogStream, type OutputStream, ReplyStream } from './stream-objects.ts';

/** @param isFallible whether the component expects a result with a case for errors */
export type HostCall = (state: HostState, args: never, isFallible: boolean) => unknown;
export type HostTable = Readonly<Record<string, HostCall>>;

export class HostState {
  readonly args: readonly string[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** Service by label. */
  readonly bindings: Readonly<Record<string, string>>;
  readonly #stdin: Uint8Array;
  readonly #isCommand: boolean;
  /** Asked whenever an instance goes on after it has waited. */
  readonly resumed: () => void;
  #input: InputStream | undefined;
  #reply: ReplyStream | undefined;
  #log: LogStream | undefined;

  constructor(options: {
    readonly args: readonly string[];
    readonly environment: HostState['environment'];
    readonly bindings: HostState['bindings'];
    readonly stdin: Uint8Array;
    /** Whether what it writes to standard output is its reply. */
    readonly isCommand: boolean;
    readonly resumed: () => void;
  }) {
    this.args = options.args;
    this.environment = options.environment;
    this.bindings = options.bindings;
    this.#stdin = options.stdin;
    this.#isCommand = options.isCommand;
    this.resumed = options.resumed;
  }

  get stdin(): InputStream {
    this.#input ??= new InputStream(this.#stdin);
    return this.#input;
  }

  get stdout(): OutputStream {
    if (!this.#isCommand) return this.stderr;
    this.#reply ??= new ReplyStream();
    return this.#reply;
  }

  get stderr(): OutputStream {
    this.#log ??= new LogStream();
    return this.#log;
  }

  /** All that was written to standard output, when the invocation is over. */
  end(): Uint8Array {
    this.#log?.endLine();
    return this.#reply?.bytes() ?? new Uint8Array(0);
  }
}

export function ok(value?: unknown): Variant {
  return { tag: 0, value };
}

export function failed(value?: unknown): Variant {
  return { tag: 1, value };
}

export const NONE: Variant = { tag: 0, value: undefined };

export function some(value: unknown): Variant {
  return { tag: 1, value };
}
