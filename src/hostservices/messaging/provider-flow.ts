import type { NatsConnection } from '@nats-io/transport-node';
import { formatBytes, HairspringError } from '../../core/index.ts';
import { MESSAGING_LIMITS } from './limits.ts';
import type { Budget } from './provider-budgets.ts';

/**
 * Keeps a cell from filling its memory with messages that the server does not take, because it is slow
 * or away: the client library would keep them without bound. Tells as well when the server has taken them.
 */
export class FlowControl {
  readonly #nc: NatsConnection;
  readonly #waiting: Budget;
  /** Bytes since the connection is there: those that were let out, and those of them that the server has. */
  #sent = 0;
  #confirmed = 0;
  #flushing: Promise<void> | undefined;
  /** Begins when the one under way is over. */
  #nextFlush: Promise<void> | undefined;

  constructor(nc: NatsConnection, waiting: Budget) {
    this.#nc = nc;
    this.#waiting = waiting;
  }

  get #isHeldUp(): boolean {
    return this.#sent - this.#confirmed > MESSAGING_LIMITS.unconfirmedBytes;
  }

  /** Resolves when a message of so many bytes may go out. @throws HS_MESSAGING_OVERLOADED */
  async admit(bytes: number): Promise<void> {
    if (this.#isHeldUp) await this.#wait(bytes);
    else this.#sent += bytes;
  }

  async #wait(bytes: number): Promise<void> {
    const { limit, bytes: waiting } = this.#waiting;
    if (!this.#waiting.take(bytes))
      throw new HairspringError(
        'HS_MESSAGING_OVERLOADED',
        `Cannot send ${bytes} bytes: ${formatBytes(waiting)} wait for the server already, of at most ${formatBytes(limit)}`,
      );
    try {
      while (this.#isHeldUp) await (this.#flushing ?? this.#flush());
      // At once, since all that wait for this flush look at it one after the other.
      this.#sent += bytes;
    } finally {
      this.#waiting.give(bytes);
    }
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

  /** Whoever is held up may have begun one, too, by the time that the next one begins. */
  #flush(): Promise<void> {
    const flushing = this.#flushNow().finally(() => {
      if (this.#flushing === flushing) this.#flushing = undefined;
    });
    this.#flushing = flushing;
    return flushing;
  }

  async #flushNow(): Promise<void> {
    const covered = this.#sent;
    await this.#nc.flush();
    this.#confirmed = Math.max(this.#confirmed, covered);
    // The library tells of a refusal by an iterator, which takes a few more microtasks than the flush.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
