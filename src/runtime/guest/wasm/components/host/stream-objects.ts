/** The streams that a component can have. Those of this file are in memory, and never wait. */
import { concatBytes } from '../../../web/shared/idl.ts';

const MAX_REPLY_BYTES = 16 * 1024 ** 2;
/** A line that is longer is cut into several. */
const MAX_LINE_BYTES = 8 * 1024;
const NEW_LINE = 10;

/** One that may have to wait for the host. */
interface SlowStream {
  /** What there is to wait for; undefined when it can go on, or never will. */
  pending(): Promise<void> | undefined;
  /** Why it broke off, which ends it. */
  readonly failure: unknown;
}

export interface InputStream extends Partial<SlowStream> {
  /** Whether nothing more comes. */
  readonly isAtEnd: boolean;
  /** What is there of it, at most so much. */
  read(length: number): Uint8Array;
}

export type SlowInputStream = InputStream & SlowStream;

export class BytesStream implements InputStream {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  get isAtEnd(): boolean {
    return this.#rest.length === 0;
  }

  read(length: number): Uint8Array {
    const part = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }
}

export interface OutputStream extends Partial<SlowStream> {
  /** How much it takes now. @default any */
  readonly room?: number;
  /** @default never */
  readonly isClosed?: boolean;
  write(bytes: Uint8Array): void;
}

export type SlowOutputStream = OutputStream & SlowStream & { readonly room: number };

export class ReplyStream implements OutputStream {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  write(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length > MAX_REPLY_BYTES)
      throw new RangeError(`Its reply is larger than ${MAX_REPLY_BYTES} bytes`);
    this.#parts.push(bytes);
  }

  bytes(): Uint8Array {
    return concatBytes(this.#parts);
  }
}

/** Writes to the log of the function, line by line. */
export class LogStream implements OutputStream {
  #line: Uint8Array[] = [];
  #length = 0;

  write(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const end = rest.indexOf(NEW_LINE);
      const part = rest.subarray(0, Math.min(end === -1 ? rest.length : end, MAX_LINE_BYTES - this.#length));
      this.#line.push(part);
      this.#length += part.length;
      rest = rest.subarray(part.length);
      const isOver = rest.length > 0 && rest[0] === NEW_LINE;
      if (isOver) rest = rest.subarray(1);
      if (isOver || this.#length >= MAX_LINE_BYTES) this.endLine();
    }
  }

  /** Hands over what a line without an end has so far. */
  endLine(): void {
    if (this.#line.length === 0) return;
    runtime.pushLog('info', runtime.decodeUtf8(concatBytes(this.#line), false));
    this.#line = [];
    this.#length = 0;
  }
}
