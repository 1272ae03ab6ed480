import { MESSAGING_LIMITS } from './limits.ts';

/** Bytes that may wait for somebody; a single message may, whatever its size. */
export class Budget {
  readonly limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  take(bytes: number): boolean {
    if (this.#bytes > 0 && this.#bytes + bytes > this.limit) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** What waits in a cell, over all its connections. */
export class MessagingBudgets {
  /** Replies, for the functions that have asked. */
  readonly replies = new Budget(MESSAGING_LIMITS.cellReplyBytes);
  /** Messages, for a server that is slow or away. */
  readonly unsent = new Budget(MESSAGING_LIMITS.waitingBytes);
}
