import type { Invocation } from '../../core/index.ts';

/**
 * Bytes of messages that may wait and run at once. A message always fits where there is none, so that
 * a budget smaller than a function's `limits.payload` does not refuse for ever.
 */
export class ByteBudget {
  readonly limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  fits(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.limitBytes;
  }

  acquire(bytes: number): void {
    this.#usedBytes += bytes;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

/** What a message occupies while it is in a cell: its payload and its headers. */
export function messageBytes({ data, headers }: Invocation): number {
  let bytes = data.length;
  if (headers !== undefined) for (const [name, value] of headers) bytes += name.length + value.length;
  return bytes;
}
