import { Buffer } from 'node:buffer';

/** Beyond this the tail is looked through for messages that have ended meanwhile. */
const COMPACT_BYTES = 256 * 1024;
/** What is kept of one message at the most. */
const MAX_BYTES = 8 * 1024 ** 2;
const NOTHING: Uint8Array = new Uint8Array(0);

/** The bytes of the NATS message that has not ended yet, so that they can be journaled once more. */
export class StreamTail {
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #compactAt = COMPACT_BYTES;
  /** More than is kept came without an end. */
  #lost = false;

  /** All bytes so far end with a whole message. */
  clear(): void {
    if (this.#bytes === 0 && !this.#lost) return;
    this.#chunks = [];
    this.#bytes = 0;
    this.#compactAt = COMPACT_BYTES;
    this.#lost = false;
  }

  push(chunk: Uint8Array): void {
    if (this.#lost) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#compactAt) return;
    this.#compact();
    this.#compactAt = COMPACT_BYTES + 2 * this.#bytes;
    if (this.#bytes <= MAX_BYTES) return;
    this.clear();
    this.#lost = true;
  }

  get isKnown(): boolean {
    return !this.#lost;
  }

  /** Undefined when it is not known any more. */
  unfinished(): Uint8Array | undefined {
    if (this.#lost) return undefined;
    this.#compact();
    return this.#chunks[0] ?? NOTHING;
  }

  #compact(): void {
    const bytes = Buffer.concat(this.#chunks);
    const rest = bytes.subarray(lastMessageStart(bytes));
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
  }
}

/**
 * Where the last message that has not ended begins, in bytes that begin with a message.
 * https://docs.nats.io/reference/reference-protocols/nats-protocol
 */
function lastMessageStart(bytes: Buffer): number {
  for (let start = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', start);
    if (lineEnd === -1) return start;
    const line = bytes.toString('latin1', start, lineEnd);
    // `MSG <subject> <sid> [reply] <size>`, `HMSG <subject> <sid> [reply] <header size> <total size>`
    const size = /^H?MSG .* (\d{1,9})$/.exec(line)?.[1];
    const end = lineEnd + 2 + (size === undefined ? 0 : Number(size) + 2);
    if (end > bytes.length) return start;
    start = end;
  }
}
