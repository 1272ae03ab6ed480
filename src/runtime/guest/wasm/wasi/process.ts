/** One run of a command: what it was given, what it has open, and what it has said. */
import { concatBytes } from '../../web/shared/idl.ts';
import { DescriptorTable } from './descriptors.ts';
import { fail } from './errno.ts';
import { ModuleMemory } from './memory.ts';
import { addBundle, MemoryFs } from './nodes.ts';
import { DIRECTORY_RIGHTS, FILE_RIGHTS, RIGHT, STREAM_RIGHTS } from './rights.ts';

/** Bytes that a command may write to standard output, which is its reply. */
const MAX_STDOUT_BYTES = 16 * 1024 ** 2;
/** A line on standard error that is longer is cut into several. */
const MAX_LINE_BYTES = 8 * 1024;
const MAX_NODES = 10_000;

export interface ProcessOptions {
  /** Each with a zero byte at its end. */
  readonly args: readonly Uint8Array[];
  /** `NAME=value` each, with a zero byte at its end. */
  readonly env: readonly Uint8Array[];
  readonly stdin: Uint8Array;
  /** Bytes that the file system may hold. */
  readonly maxFsBytes: number;
  /** Content by path, read-only until it is written over; undefined: no file system at all. */
  readonly bundle: Readonly<Record<string, Uint8Array>> | undefined;
  /** One line of standard error. */
  readonly onErrorLine: (line: string) => void;
}

const INPUT_RIGHTS = STREAM_RIGHTS & ~RIGHT.fdWrite;
const OUTPUT_RIGHTS = STREAM_RIGHTS & ~RIGHT.fdRead;

export class WasiProcess {
  readonly memory = new ModuleMemory();
  readonly descriptors = new DescriptorTable();
  readonly args: readonly Uint8Array[];
  readonly environ: readonly Uint8Array[];
  readonly #options: ProcessOptions;
  #stdin: Uint8Array;
  #fs: MemoryFs | undefined;
  readonly #out: Uint8Array[] = [];
  #outBytes = 0;
  #line: Uint8Array[] = [];
  #lineBytes = 0;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.args = options.args;
    this.environ = options.env;
    this.#stdin = options.stdin;
    this.descriptors.add({ kind: 'stream', stream: 0, flags: 0, rights: INPUT_RIGHTS, inheriting: 0 });
    this.descriptors.add({ kind: 'stream', stream: 1, flags: 0, rights: OUTPUT_RIGHTS, inheriting: 0 });
    this.descriptors.add({ kind: 'stream', stream: 2, flags: 0, rights: OUTPUT_RIGHTS, inheriting: 0 });
    if (options.bundle === undefined) return;
    addBundle(this.fs, this.fs.root, options.bundle);
    this.descriptors.add({
      kind: 'directory',
      node: this.fs.root,
      preopen: '/',
      flags: 0,
      rights: DIRECTORY_RIGHTS,
      inheriting: DIRECTORY_RIGHTS | FILE_RIGHTS,
    });
  }

  /** Most commands have none, so it is made when it is first asked for. */
  get fs(): MemoryFs {
    const { maxFsBytes: maxBytes } = this.#options;
    this.#fs ??= new MemoryFs({ nowNs: realtimeNs, maxBytes, maxNodes: MAX_NODES });
    return this.#fs;
  }

  /** The next bytes of standard input, at most `length`; empty at the end. */
  readStdin(length: number): Uint8Array {
    const part = this.#stdin.subarray(0, length);
    this.#stdin = this.#stdin.subarray(part.length);
    return part;
  }

  print(bytes: Uint8Array): void {
    this.#outBytes += bytes.length;
    if (this.#outBytes > MAX_STDOUT_BYTES) fail('fbig');
    this.#out.push(bytes.slice());
  }

  /** Hands over whole lines. */
  complain(bytes: Uint8Array): void {
    let rest = bytes;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      this.#line.push(rest.slice(0, end));
      this.endLine();
      rest = rest.subarray(end + 1);
    }
    for (; rest.length > 0; rest = rest.subarray(MAX_LINE_BYTES)) {
      const part = rest.slice(0, MAX_LINE_BYTES);
      this.#line.push(part);
      this.#lineBytes += part.length;
      if (this.#lineBytes >= MAX_LINE_BYTES) this.endLine();
    }
  }

  /** Hands over what a line without an end has so far. */
  endLine(): void {
    if (this.#line.length === 0) return;
    this.#options.onErrorLine(runtime.decodeUtf8(join(this.#line), false));
    this.#line = [];
    this.#lineBytes = 0;
  }

  /** All of standard output. */
  output(): Uint8Array {
    return join(this.#out);
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

/** One part, which is the rule, is handed on as it is. */
function join(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return first !== undefined && parts.length === 1 ? first : concatBytes(parts);
}
