/** One run of a command: what it was given, what it has open, and what it has said. */
import { type Descriptor, DescriptorTable } from './descriptors.ts';
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
  readonly args: readonly string[];
  /** `NAME=value` each. */
  readonly env: readonly string[];
  readonly stdin: Uint8Array;
  /** Bytes that the file system may hold. */
  readonly maxFsBytes: number;
  /** Content by path, read-only until it is written over; undefined: no file system at all. */
  readonly bundle: Readonly<Record<string, Uint8Array>> | undefined;
  /** One line of standard error. */
  readonly onErrorLine: (line: string) => void;
}

export class WasiProcess {
  readonly memory = new ModuleMemory();
  readonly descriptors = new DescriptorTable();
  readonly args: readonly Uint8Array[];
  readonly env: readonly Uint8Array[];
  readonly fs: MemoryFs;
  readonly #out: Uint8Array[] = [];
  #outBytes = 0;
  #line: Uint8Array[] = [];
  #lineBytes = 0;
  readonly #onErrorLine: (line: string) => void;

  constructor(options: ProcessOptions) {
    this.args = options.args.map((text) => runtime.encodeUtf8(`${text}\0`));
    this.env = options.env.map((text) => runtime.encodeUtf8(`${text}\0`));
    this.#onErrorLine = options.onErrorLine;
    this.fs = new MemoryFs({ nowNs: realtimeNs, maxBytes: options.maxFsBytes, maxNodes: MAX_NODES });
    let { stdin } = options;
    this.descriptors.add(
      stream(STREAM_RIGHTS & ~RIGHT.fdWrite, {
        read(length) {
          const part = stdin.subarray(0, length);
          stdin = stdin.subarray(part.length);
          return part;
        },
      }),
    );
    this.descriptors.add(stream(STREAM_RIGHTS & ~RIGHT.fdRead, { write: (bytes) => this.#print(bytes) }));
    this.descriptors.add(stream(STREAM_RIGHTS & ~RIGHT.fdRead, { write: (bytes) => this.#complain(bytes) }));
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

  #print(bytes: Uint8Array): void {
    this.#outBytes += bytes.length;
    if (this.#outBytes > MAX_STDOUT_BYTES) fail('fbig');
    this.#out.push(bytes.slice());
  }

  /** Hands over whole lines. */
  #complain(bytes: Uint8Array): void {
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
    this.#onErrorLine(runtime.decodeUtf8(join(this.#line), false));
    this.#line = [];
    this.#lineBytes = 0;
  }

  /** All of standard output. */
  output(): Uint8Array {
    return join(this.#out);
  }
}

/** Now, in nanoseconds since the epoch. */
export function realtimeNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

function stream(
  rights: number,
  ends: { read?(length: number): Uint8Array; write?(bytes: Uint8Array): void },
): Descriptor {
  return {
    kind: 'stream',
    flags: 0,
    rights,
    inheriting: 0,
    read: ends.read ?? (() => fail('badf')),
    write: ends.write ?? (() => fail('badf')),
  };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
