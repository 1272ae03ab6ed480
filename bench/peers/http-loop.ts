import { type Loop, Tally } from '../../src/measure/index.ts';
import { encodePost, HttpConnection, type HttpReply } from './http-connection.ts';

export interface HttpLoopOptions {
  readonly port: number;
  readonly path: string;
  readonly payload: Uint8Array;
  /** Requests that are kept under way, each on a connection of its own. */
  readonly inFlight: number;
  readonly isExpected: (body: Uint8Array) => boolean;
}

/** The closed loop of src/measure over HTTP/1.1: a reply sends the next request of its connection. */
export class HttpLoop implements Loop {
  readonly tally: Tally = new Tally();
  readonly #connections: readonly HttpConnection[];
  readonly #request: Buffer;
  readonly #isExpected: HttpLoopOptions['isExpected'];
  #sending = true;

  private constructor(
    connections: readonly HttpConnection[],
    { port, path, payload, isExpected }: HttpLoopOptions,
  ) {
    this.#connections = connections;
    this.#request = encodePost(port, path, payload);
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
    if (reply !== undefined && reply.status === 200 && this.#isExpected(reply.body)) return;
    this.tally.refuse(() => error?.message ?? `${reply?.status} ${reply?.body.toString()}`);
  }
}
