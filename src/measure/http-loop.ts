import { HttpConnection, type HttpReply, type HttpRequest } from './http-connection.ts';
import type { Loop } from './load-window.ts';
import { Tally } from './tally.ts';

export interface HttpLoopOptions {
  readonly port: number;
  readonly request: HttpRequest;
  /** Requests that are kept under way, each on a connection of its own. */
  readonly inFlight: number;
  readonly isExpected: (reply: HttpReply) => boolean;
}

/** The closed loop over HTTP/1.1: a reply sends the next request of its connection. */
export class HttpLoop implements Loop {
  readonly tally: Tally = new Tally();
  readonly #connections: readonly HttpConnection[];
  readonly #request: HttpRequest;
  readonly #isExpected: HttpLoopOptions['isExpected'];
  #sending = true;

  private constructor(connections: readonly HttpConnection[], { request, isExpected }: HttpLoopOptions) {
    this.#connections = connections;
    this.#request = request;
    this.#isExpected = isExpected;
    for (const connection of connections) this.#send(connection);
  }

  static async open(options: HttpLoopOptions): Promise<HttpLoop> {
    const connections = Array.from({ length: options.inFlight }, () => HttpConnection.open(options.port));
    return new HttpLoop(await Promise.all(connections), options);
  }

  /** Sends no more, waits for what is under way, for at most `timeoutMs`, and closes the connections. */
  async stop(timeoutMs: number): Promise<void> {
    this.#sending = false;
    await this.tally.drain(timeoutMs);
    for (const connection of this.#connections) connection[Symbol.dispose]();
  }

  #send(connection: HttpConnection): void {
    const sentAt = performance.now();
    this.tally.sent();
    connection.exchange(this.#request, (error, reply) => {
      this.tally.replied(sentAt);
      this.#check(error, reply);
      if (this.#sending && error === undefined) this.#send(connection);
    });
  }

  #check(error: Error | undefined, reply: HttpReply | undefined): void {
    if (reply !== undefined && this.#isExpected(reply)) return;
    this.tally.refuse(() => error?.message ?? `${reply?.status} ${reply?.body.toString()}`);
  }
}
