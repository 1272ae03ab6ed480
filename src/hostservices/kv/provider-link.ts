import type { NatsConnection } from '@nats-io/transport-node';

/** The connection was lost while something waited for its answer. */
export class ConnectionLostError extends Error {
  constructor() {
    super('the connection to NATS was lost');
    this.name = 'ConnectionLostError';
  }
}

/** Tells those that wait for an answer that the connection by which it would come is gone. */
export class Link {
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(nc: NatsConnection) {
    void this.#follow(nc);
  }

  /** `fail` is called when the connection is lost. @returns what ends that */
  onLost(fail: (error: Error) => void): () => void {
    this.#waiting.add(fail);
    return () => this.#waiting.delete(fail);
  }

  /** As `answer`, or rejected as soon as the connection is lost: the client library waits for its time-out. */
  guard<Answer>(answer: Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stop = this.onLost(reject);
      answer.then(resolve, reject).finally(stop);
    });
  }

  async #follow(nc: NatsConnection): Promise<void> {
    for await (const { type } of nc.status()) if (type === 'disconnect') this.#failAll();
    this.#failAll();
  }

  #failAll(): void {
    for (const fail of [...this.#waiting]) fail(new ConnectionLostError());
  }
}
