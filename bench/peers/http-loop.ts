import type { Histogram } from '../../src/measure/index.ts';
import { encodePost, HttpConnection, type HttpReply } from './http-connection.ts';

export interface HttpLoopOptions {
  readonly port: number;
  readonly path: string;
  readonly payload: Uint8Array;
  /** Requests that are kept under way, each on a connection of its own. */
  readonly inFlight: number;
  readonly isExpected: (body: Uint8Array) => boolean;
}

const FIRST_WRONG_CHARS = 300;
const DRAIN_POLL_MS = 5;

/** The closed loop of src/measure over HTTP/1.1: a reply sends the next request of its connection. */
export class HttpLoop {
  readonly #connections: readonly HttpConnection[];
  readonly #request: Buffer;
  readonly #isExpected: HttpLoopOptions['isExpected'];
  #histogram: Histogram | undefined;
  #sending = true;
  #wrong = 0;
  #firstWrong: string | undefined;
  #outstanding = 0;

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

  /** Replies that were not the expected ones. */
  get wrong(): number {
    return this.#wrong;
  }

  /** The beginning of the first of them. */
  get firstWrong(): string | undefined {
    return this.#firstWrong;
  }

  /** Requests that have no reply yet. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Counts replies into `histogram`, in microseconds, from now on; into none when there is none. */
  recordInto(histogram: Histogram | undefined): void {
    this.#histogram = histogram;
  }

  /** Sends no more, waits for what is under way, for at most `timeoutMs`, and closes the connections. */
  async stop(timeoutMs: number): Promise<void> {
    this.#sending = false;
    const deadline = performance.now() + timeoutMs;
    while (this.#outstanding > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    for (const connection of this.#connections) connection[Symbol.dispose]();
  }

  #send(connection: HttpConnection): void {
    const sentAt = performance.now();
    this.#outstanding += 1;
    connection.exchange(this.#request, (error, reply) => {
      this.#outstanding -= 1;
      this.#histogram?.record((performance.now() - sentAt) * 1_000);
      this.#check(error, reply);
      if (this.#sending && error === undefined) this.#send(connection);
    });
  }

  #check(error: Error | undefined, reply: HttpReply | undefined): void {
    if (reply !== undefined && reply.status === 200 && this.#isExpected(reply.body)) return;
    this.#wrong += 1;
    this.#firstWrong ??=
      error?.message ?? `${reply?.status} ${reply?.body.toString().slice(0, FIRST_WRONG_CHARS)}`;
  }
}
