/** How far a connection is with what was given to it; positions count from its beginning. */
export interface Output {
  /** Whether the kernel has everything that was given; true when that cannot be told. */
  isAllSent(): boolean;
  /** Infinite when it cannot be told. */
  givenBytes(): number;
  /** Never more than what the kernel has. */
  takenBytes(): number;
}

/** One that takes everything at once. */
export const IMMEDIATE_OUTPUT: Output = {
  isAllSent: () => true,
  givenBytes: () => 0,
  takenBytes: () => 0,
};

/**
 * Reply subjects of answers that were given to the connection, until the kernel has them: from then on they reach
 * their callers whatever becomes of this process. Where the connection is behind, two batches go by positions, so
 * that a stream of answers that never ends does not keep those from being told which went out long ago.
 */
export class SentReplies {
  readonly #output: Output;
  #sending = '';
  /** The kernel has the batch once it has so much. */
  #sendingUpToBytes = 0;
  #later = '';

  constructor(output: Output) {
    this.#output = output;
  }

  get isEmpty(): boolean {
    return this.#sending === '' && this.#later === '';
  }

  /** All that were not taken yet, one a line. */
  get all(): string {
    return join(this.#sending, this.#later);
  }

  add(reply: string): void {
    this.#later = join(this.#later, reply);
  }

  /** What was given to the last connection is on its way or lost with it. */
  startStream(): void {
    this.#sendingUpToBytes = 0;
  }

  /** Those that the kernel has by now, one a line. */
  take(): string {
    if (this.#output.isAllSent()) {
      const { all } = this;
      this.#sending = '';
      this.#later = '';
      return all;
    }
    let sent = '';
    if (this.#output.takenBytes() >= this.#sendingUpToBytes) {
      sent = this.#sending;
      this.#sending = '';
    }
    const upToBytes = this.#output.givenBytes();
    if (this.#sending === '' && upToBytes < Number.POSITIVE_INFINITY) {
      this.#sending = this.#later;
      this.#later = '';
      this.#sendingUpToBytes = upToBytes;
    }
    return sent;
  }
}

function join(before: string, after: string): string {
  return before === '' || after === '' ? before + after : `${before}\n${after}`;
}
