import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { Tally } from './tally.ts';

/** Whether a reply is the expected one. */
export type ReplyCheck = (reply: Msg) => boolean;

/** Where requests go, and over which connection. */
export interface Route {
  readonly nc: NatsConnection;
  readonly subject: string;
}

export interface ClosedLoopOptions {
  /** Each request goes by the next one. */
  readonly routes: readonly Route[];
  readonly payload: Uint8Array;
  /** Of every request. @default none */
  readonly headers?: MsgHdrs | undefined;
  /** Requests that are kept under way. */
  readonly inFlight: number;
  readonly isExpected: ReplyCheck;
}

/** A route and how its replies come back: a subject for each request under way. */
interface Lane extends Route {
  readonly replies: readonly { readonly reply: string; readonly headers?: MsgHdrs }[];
}

/**
 * Keeps a number of requests under way until it is stopped: a reply sends the next request. `nc.request` would be
 * the bottleneck at 25,000 requests a second; this publishes with reply subjects of its own and has one
 * subscription on each connection for all of them.
 */
export class ClosedLoop {
  readonly tally: Tally = new Tally();
  readonly #lanes: readonly Lane[];
  readonly #payload: Uint8Array;
  readonly #isExpected: ReplyCheck;
  readonly #sentAt: Float64Array;
  #next = 0;
  #sending = true;

  constructor({ routes, payload, headers, inFlight, isExpected }: ClosedLoopOptions) {
    this.#payload = payload;
    this.#isExpected = isExpected;
    this.#sentAt = new Float64Array(inFlight);
    this.#lanes = routes.map((route) => this.#open(route, inFlight, headers));
    for (let slot = 0; slot < inFlight; slot += 1) this.#send(slot);
  }

  #open(route: Route, inFlight: number, headers: MsgHdrs | undefined): Lane {
    const inbox = createInbox();
    const slotAt = inbox.length + 1;
    route.nc.subscribe(`${inbox}.*`, {
      callback: (error, message) => this.#onReply(error, message, slotAt),
    });
    const replies = Array.from({ length: inFlight }, (_, slot) => ({
      reply: `${inbox}.${slot}`,
      ...(headers === undefined ? {} : { headers }),
    }));
    return { ...route, replies };
  }

  /** Sends no more and waits for what is under way, for at most `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    this.#sending = false;
    await this.tally.drain(timeoutMs);
  }

  #send(slot: number): void {
    const lane = this.#lanes[this.#next];
    if (lane === undefined) return;
    this.#next = (this.#next + 1) % this.#lanes.length;
    this.tally.sent();
    this.#sentAt[slot] = performance.now();
    lane.nc.publish(lane.subject, this.#payload, lane.replies[slot]);
  }

  #onReply(error: Error | null, message: Msg, slotAt: number): void {
    const slot = Number(message.subject.slice(slotAt));
    this.tally.replied(this.#sentAt[slot] ?? 0);
    if (error !== null || !this.#isExpected(message))
      this.tally.refuse(() => error?.message ?? message.string());
    if (this.#sending) this.#send(slot);
  }
}
