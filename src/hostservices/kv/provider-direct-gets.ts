import {
  createInbox,
  errors,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import { IdTable } from '../../core/index.ts';
import { ConnectionLostError } from '../shared/provider-link.ts';

/** How long a get waits for its answer; the client library's own default. */
const TIMEOUT_MS = 5_000;
/** How often those that wait are looked through. */
const SWEEP_MS = 500;
const EMPTY = new Uint8Array(0);

interface Waiting {
  readonly id: number;
  readonly subject: string;
  readonly expiresMs: number;
  readonly resolve: (message: Msg) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Direct gets of single messages by their subject (JetStream's `DIRECT.GET` API, ADR-31). All answers come over one
 * subscription and one timer watches all that wait: a request of the library has a timer, two promises and
 * an entry object of its own (docs/decisions/0017).
 */
export class DirectGets {
  readonly #nc: NatsConnection;
  readonly #inbox: string;
  /** In the order in which they were sent, and so in which they expire. */
  readonly #waiting = new IdTable<Waiting>();
  #subscription: Subscription | undefined;
  #watching = false;
  #newest = 0;
  #sweeper: NodeJS.Timeout | undefined;

  /** @param inboxPrefix of the connection; @default `_INBOX` */
  constructor(nc: NatsConnection, inboxPrefix?: string) {
    this.#nc = nc;
    this.#inbox = `${createInbox(inboxPrefix)}.`;
  }

  /**
   * The last message on `subject` in `stream`, with its headers; or the status that says why there is none.
   * @throws NoRespondersError, TimeoutError, ConnectionLostError, ClosedConnectionError, PermissionViolationError
   */
  get(stream: string, subject: string): Promise<Msg> {
    return new Promise((resolve, reject) => {
      this.#subscribe();
      this.#newest += 1;
      const id = this.#newest;
      const request = `$JS.API.DIRECT.GET.${stream}.${subject}`;
      this.#nc.publish(request, EMPTY, { reply: `${this.#inbox}${id}` });
      const expiresMs = performance.now() + TIMEOUT_MS;
      this.#waiting.set(id, { id, subject: request, expiresMs, resolve, reject });
      this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    });
  }

  #subscribe(): void {
    if (this.#subscription?.isClosed() === false) return;
    this.#subscription = this.#nc.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.#answered(message);
        else this.#failAll(error);
      },
    });
    if (this.#watching) return;
    this.#watching = true;
    void this.#watch();
  }

  #answered(message: Msg): void {
    const id = Number(message.subject.slice(this.#inbox.length));
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    if (message.headers?.code === 503) waiting.reject(new errors.NoRespondersError(waiting.subject));
    else waiting.resolve(message);
  }

  /** Ends when the connection is closed. */
  async #watch(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === 'error' && status.error instanceof errors.PermissionViolationError)
        this.#failAll(status.error, status.error.subject);
      // No answer comes to what was asked before.
      if (status.type === 'disconnect') this.#failAll(new ConnectionLostError());
    }
    this.#failAll(new errors.ClosedConnectionError());
  }

  #failAll(error: Error, subject?: string): void {
    for (const waiting of this.#waiting.values()) {
      if (subject !== undefined && waiting.subject !== subject) continue;
      this.#waiting.delete(waiting.id);
      waiting.reject(error);
    }
  }

  #sweep(): void {
    const nowMs = performance.now();
    for (const { id, expiresMs, reject } of this.#waiting.values()) {
      if (expiresMs > nowMs) return;
      this.#waiting.delete(id);
      reject(new errors.TimeoutError());
    }
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}
