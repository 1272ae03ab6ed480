/** One run of a command: what it was given, what it has open, and what it has said. */
import { Lines } from '../shared/lines.ts';
import { DescriptorTable } from './descriptors.ts';
import { fail } from './errno.ts';
import type { ModuleMemory } from './memory.ts';
import { addBundle, MemoryFs } from './nodes.ts';
import { DIRECTORY_RIGHTS, FILE_RIGHTS, RIGHT, STREAM_RIGHTS } from './rights.ts';

const MAX_NODES = 10_000;

export interface ProcessOptions {
  readonly memory: ModuleMemory;
  /** Each with a zero byte at its end. */
  readonly args: () => readonly Uint8Array[];
  /** `NAME=value` each, with a zero byte at its end. */
  readonly env: readonly Uint8Array[];
  /** The message whose payload is standard input. */
  readonly stdin: object | undefined;
  /** Takes what is written to standard output, as long as there is room for it; undefined: the log does. */
  readonly stdout: { write(part: Uint8Array): boolean } | undefined;
  /** Bytes that the file system may hold. */
  readonly maxFsBytes: number;
  /** Content by path, read-only until it is written over; undefined: no file system at all. */
  readonly bundle: Readonly<Record<string, Uint8Array>> | undefined;
  /** One line for the log. */
  readonly onLine: (line: string) => void;
  /** Gives what the module cannot catch. */
  readonly trapError: () => unknown;
}

const INPUT_RIGHTS = STREAM_RIGHTS & ~RIGHT.fdWrite;
const OUTPUT_RIGHTS = STREAM_RIGHTS & ~RIGHT.fdRead;

export class WasiProcess {
  readonly memory: ModuleMemory;
  readonly descriptors = new DescriptorTable();
  readonly #options: ProcessOptions;
  #args: readonly Uint8Array[] | undefined;
  /** Where the next read begins; undefined at the end. */
  #stdinAt: number | undefined = 0;
  #fs: MemoryFs | undefined;
  readonly #output: Lines;
  readonly #errors: Lines;
  /** What it ended with, if it ended itself. */
  exitCode: number | undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.memory = options.memory;
    this.#output = new Lines(options.onLine);
    this.#errors = new Lines(options.onLine);
    this.descriptors.add({ kind: 'stream', stream: 0, flags: 0, rights: INPUT_RIGHTS, inheriting: 0 });
    this.descriptors.add({ kind: 'stream', stream: 1, flags: 0, rights: OUTPUT_RIGHTS, inheriting: 0 });
    this.descriptors.add({ kind: 'stream', stream: 2, flags: 0, rights: OUTPUT_RIGHTS, inheriting: 0 });
    if (options.bundle === undefined) return;
    const getRoot = () => this.fs.root;
    this.descriptors.add({
      kind: 'directory',
      get node() {
        return getRoot();
      },
      preopen: '/',
      flags: 0,
      rights: DIRECTORY_RIGHTS,
      inheriting: DIRECTORY_RIGHTS | FILE_RIGHTS,
    });
  }

  get args(): readonly Uint8Array[] {
    this.#args ??= this.#options.args();
    return this.#args;
  }

  get environ(): readonly Uint8Array[] {
    return this.#options.env;
  }

  /** Most commands use none, so it is made when it is first asked for. */
  get fs(): MemoryFs {
    if (this.#fs === undefined) {
      const { maxFsBytes: maxBytes, bundle } = this.#options;
      this.#fs = new MemoryFs({ nowNs: realtimeNs, maxBytes, maxNodes: MAX_NODES });
      if (bundle !== undefined) addBundle(this.#fs, this.#fs.root, bundle);
    }
    return this.#fs;
  }

  /** Fills `part` with the next bytes of standard input. @returns how many there were */
  readStdin(part: Uint8Array): number {
    const { stdin } = this.#options;
    if (stdin === undefined || this.#stdinAt === undefined) return 0;
    const rest = runtime.readPayload(stdin, this.#stdinAt, part, 0, part.length);
    if (rest <= part.length) this.#stdinAt = undefined;
    else this.#stdinAt += part.length;
    return Math.min(rest, part.length);
  }

  print(bytes: Uint8Array): void {
    const { stdout } = this.#options;
    if (stdout === undefined) this.#output.write(bytes);
    else if (!stdout.write(bytes)) fail('fbig');
  }

  complain(bytes: Uint8Array): void {
    this.#errors.write(bytes);
  }

  /** Hands over what lines without an end have so far. */
  endLines(): void {
    this.#output.end();
    this.#errors.end();
  }

  exit(code: number): never {
    this.exitCode = code;
    throw this.#options.trapError();
  }
}

/** A string as C has it. */
export function toCString(text: string): Uint8Array {
  return runtime.encodeUtf8(`${text}\0`);
}

/** Now, in nanoseconds since the epoch. */
export function realtimeNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
