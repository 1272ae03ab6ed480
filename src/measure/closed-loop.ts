import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { Tally } from './tally.ts';

/** Whether a reply is the expected one. */
export type ReplyCheck = (reply: Msg) => boolean;

export interface ClosedLoopOptions {
  readonly nc: NatsConnection;
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Of every request. @default none */
  readonly headers?: MsgHdrs | undefined;
  /** Requests that are kept under way. */
  readonly inFlight: number;
  readonly isExpected: ReplyCheck;
}

/**
 * Keeps a number of requests under way until it is stopped: a reply sends the next request. `nc.request` would be
 * the bottleneck at 25,000 requests a second; this publishes with reply subjects of its own and has one
 * subscription for all of them.
 */
export class ClosedLoop {
  readonly tally: Tally = new Tally();
  readonly #nc: NatsConnection;
  readonly #subject: string;
  readonly #payload: Uint8Array;
  readonly #isExpected: ReplyCheck;
  readonly #replies: readonly { readonly reply: string; readonly headers?: MsgHdrs }[];
  readonly #sentAt: Float64Array;
  #sending = true;

  constructor({ nc, subject, payload, headers, inFlight, isExpected }: ClosedLoopOptions) {
    const inbox = createInbox();
    this.#nc = nc;
    this.#subject = subject;
    this.#payload = payload;
    this.#isExpected = isExpected;
    this.#sentAt = new Float64Array(inFlight);
    this.#replies = Array.from({ length: inFlight }, (_, slot) => ({
      reply: `${inbox}.${slot}`,
      ...(headers === undefined ? {} : { headers }),
    }));
    const slotAt = inbox.length + 1;
    this.#nc.subscribe(`${inbox}.*`, {
      callback: (error, message) => this.#onReply(error, message, slotAt),
    });
    for (let slot = 0; slot < inFlight; slot += 1) this.#send(slot);
  }

  /** Sends no more and waits for what is under way, for at most `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    this.#sending = false;
    await this.tally.drain(timeoutMs);
  }

  #send(slot: number): void {
    this.tally.sent();
    this.#sentAt[slot] = performance.now();
    this.#nc.publish(this.#subject, this.#payload, this.#replies[slot]);
  }

  #onReply(error: Error | null, message: Msg, slotAt: number): void {
    const slot = Number(message.subject.slice(slotAt));
    this.tally.replied(this.#sentAt[slot] ?? 0);
    if (error !== null || !this.#isExpected(message))
      this.tally.refuse(() => error?.message ?? message.string());
    if (this.#sending) this.#send(slot);
  }
}
