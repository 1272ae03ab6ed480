import { errors, type NatsConnection } from '@nats-io/transport-node';

/** Is told of a failure of the connection, or of a message to `subject` that the server has refused. */
export type FailureListener = (error: Error, subject: string | undefined) => void;

const DOWN = -1;

/** What becomes of a connection while answers are awaited over it: the client library does not tell those who wait. */
export class ConnectionWatch {
  readonly #nc: NatsConnection;
  readonly #listeners = new Set<FailureListener>();
  #isDown = false;
  #losses = 0;

  constructor(nc: NatsConnection) {
    this.#nc = nc;
    void this.#watch();
  }

  /**
   * What {@link ConnectionWatch.lostSince} is to be given: how often the connection was lost so far, or `DOWN` while
   * it is.
   */
  mark(): number {
    return this.#isDown ? DOWN : this.#losses;
  }

  /** Whether the connection was down at any time from a mark until now. */
  lostSince(mark: number): boolean {
    return mark === DOWN || this.mark() !== mark;
  }

  /** @returns what ends it */
  listen(listener: FailureListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends when the connection is closed. */
  async #watch(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === 'disconnect') this.#lost();
      else if (status.type === 'reconnect') this.#isDown = false;
      else if (status.type === 'error' && status.error instanceof errors.PermissionViolationError)
        this.#tell(status.error, status.error.subject);
    }
    this.#lost();
  }

  #lost(): void {
    this.#isDown = true;
    this.#losses += 1;
    this.#tell(new errors.ClosedConnectionError(), undefined);
  }

  #tell(error: Error, subject: string | undefined): void {
    for (const listener of [...this.#listeners]) listener(error, subject);
  }
}
