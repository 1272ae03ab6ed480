/** The streams that a component can have. Those of this file are in memory, and never wait. */
import { concatBytes } from '../../../web/shared/idl.ts';

const MAX_REPLY_BYTES = 16 * 1024 ** 2;

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
