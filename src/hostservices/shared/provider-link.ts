import type { NatsConnection } from '@nats-io/transport-node';
import { IdTable, orLate, systemClock } from '../../core/index.ts';

/** The connection was lost while something waited for its answer, or is away. */
export class ConnectionLostError extends Error {
  constructor(
    message = 'the connection to NATS was lost before the answer; whether it was done is not known',
  ) {
    super(message);
    this.name = 'ConnectionLostError';
  }
}

/** Tells those that wait for an answer that the connection by which it would come is gone. */
export class Link {
  readonly #waiting = new IdTable<(error: Error) => void>();
  #lastId = 0;
  readonly #nc: NatsConnection;
  #isUp = true;
  #isClosed = false;
  #returned = Promise.withResolvers<void>();

  constructor(nc: NatsConnection) {
    this.#nc = nc;
    void this.#follow(nc);
  }

  /**
   * What is sent while the connection is away may never arrive, or be more than the next server takes.
   * @throws ConnectionLostError
   */
  check(): void {
    if (this.#isUp && this.#nc.info !== undefined) return;
    throw new ConnectionLostError('there is no connection to NATS at the moment, and nothing was done');
  }

  /** Waits for the connection, `mostMs` at the longest. @returns false when there will be none */
  async untilUp(mostMs?: number): Promise<boolean> {
    if (!this.#isUp && !this.#isClosed) {
      const { promise } = this.#returned;
      await (mostMs === undefined ? promise : orLate(promise, systemClock, mostMs));
    }
    return !this.#isClosed;
  }

  /** `fail` is called when the connection is lost. @returns what ends that */
  onLost(fail: (error: Error) => void): () => void {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#waiting.set(id, fail);
    return () => this.#waiting.delete(id);
  }

  /** As `answer`, or rejected as soon as the connection is lost: the client library waits for its time-out. */
  guard<Answer>(answer: Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stop = this.onLost(reject);
      answer.then(resolve, reject).finally(stop);
    });
  }

  /** Nothing is asked while the connection is away, and no answer waited for that was lost with it. */
  async ask<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    this.check();
    return await this.guard(request());
  }

  async #follow(nc: NatsConnection): Promise<void> {
    for await (const { type } of nc.status()) {
      if (type === 'disconnect') this.#lost();
      if (type === 'reconnect') this.#back();
    }
    this.#isClosed = true;
    this.#lost();
    this.#back();
  }

  #back(): void {
    this.#isUp = !this.#isClosed;
    this.#returned.resolve();
    this.#returned = Promise.withResolvers<void>();
  }

  #lost(): void {
    this.#isUp = false;
    for (const fail of this.#waiting.values()) fail(new ConnectionLostError());
  }
}
