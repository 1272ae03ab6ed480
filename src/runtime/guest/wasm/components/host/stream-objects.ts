/** The streams that a component can have: all of them are in memory, and none ever waits. */
import { concatBytes } from '../../../web/shared/idl.ts';

const MAX_REPLY_BYTES = 16 * 1024 ** 2;
/** A line that is longer is cut into several. */
const MAX_LINE_BYTES = 8 * 1024;
const NEW_LINE = 10;

export class InputStream {
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

export interface OutputStream {
  write(bytes: Uint8Array): void;
}

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
