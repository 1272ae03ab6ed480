import { errors, type NatsConnection } from '@nats-io/transport-node';

/** Is told of a failure of the connection, or of a message to `subject` that the server has refused. */
export type FailureListener = (error: Error, subject: string | undefined) => void;

/** What becomes of a connection while answers are awaited over it: the client library does not tell those who wait. */
export class ConnectionWatch {
  readonly #nc: NatsConnection;
  readonly #listeners = new Set<FailureListener>();
  #isWatching = false;
  #losses = 0;

  constructor(nc: NatsConnection) {
    this.#nc = nc;
  }

  /** How often the connection was lost since it was first looked at. */
  get losses(): number {
    if (!this.#isWatching) {
      this.#isWatching = true;
      void this.#watch();
    }
    return this.#losses;
  }

  /** @returns what ends it */
  listen(listener: FailureListener): () => void {
    void this.losses;
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends when the connection is closed. */
  async #watch(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === 'disconnect') this.#lost();
      else if (status.type === 'error' && status.error instanceof errors.PermissionViolationError)
        this.#tell(status.error, status.error.subject);
    }
    this.#isWatching = false;
    this.#lost();
  }

  #lost(): void {
    this.#losses += 1;
    this.#tell(new errors.ClosedConnectionError(), undefined);
  }

  #tell(error: Error, subject: string | undefined): void {
    for (const listener of [...this.#listeners]) listener(error, subject);
  }
}
