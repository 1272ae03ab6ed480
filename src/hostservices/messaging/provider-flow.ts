import type { NatsConnection } from '@nats-io/transport-node';
import { formatBytes, HairspringError } from '../../core/index.ts';
import { MESSAGING_LIMITS } from './limits.ts';

/**
 * Keeps a cell from filling its memory with messages that the server does not take, because it is slow
 * or away: the client library would keep them without bound. Tells as well when the server has taken them.
 */
export class FlowControl {
  readonly #nc: NatsConnection;
  #unconfirmed = 0;
  #waiting = 0;
  #flushing: Promise<void> | undefined;
  /** Begins when the one under way is over. */
  #nextFlush: Promise<void> | undefined;

  constructor(nc: NatsConnection) {
    this.#nc = nc;
  }

  /** Resolves when a message of so many bytes may go out. @throws HS_MESSAGING_OVERLOADED */
  async admit(bytes: number): Promise<void> {
    const { unconfirmedBytes, waitingBytes } = MESSAGING_LIMITS;
    if (this.#waiting > 0 && this.#waiting + bytes > waitingBytes) {
      throw new HairspringError(
        'HS_MESSAGING_OVERLOADED',
        `Cannot send ${bytes} bytes: ${formatBytes(this.#waiting)} wait for the server already, of at most ${formatBytes(waitingBytes)}`,
      );
    }
    this.#waiting += bytes;
    try {
      while (this.#unconfirmed > unconfirmedBytes) await (this.#flushing ?? this.#flush());
    } finally {
      this.#waiting -= bytes;
    }
    this.#unconfirmed += bytes;
  }

  /**
   * Resolves when the server has taken everything that was sent before, and what it refused of it has been told to
   * who listens. All who ask while a flush is under way share the next one. Rejects when the connection is lost.
   */
  confirm(): Promise<void> {
    if (this.#flushing === undefined) return this.#flush();
    this.#nextFlush ??= this.#flushing
      .catch(() => undefined)
      .then(() => {
        this.#nextFlush = undefined;
        return this.#flush();
      });
    return this.#nextFlush;
  }

  #flush(): Promise<void> {
    this.#flushing = this.#flushNow().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flushNow(): Promise<void> {
    const covered = this.#unconfirmed;
    await this.#nc.flush();
    this.#unconfirmed -= covered;
    // The library tells of a refusal by an iterator, which takes a few more microtasks than the flush.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
