import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import type { Histogram } from './histogram.ts';
import { sleep } from './sleep.ts';

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

const FIRST_WRONG_CHARS = 300;
const DRAIN_POLL_MS = 5;

/**
 * Keeps a number of requests under way until it is stopped: a reply sends the next request. `nc.request` would be
 * the bottleneck at 25,000 requests a second; this publishes with reply subjects of its own and has one
 * subscription for all of them.
 */
export class ClosedLoop {
  readonly #nc: NatsConnection;
  readonly #subject: string;
  readonly #payload: Uint8Array;
  readonly #isExpected: ReplyCheck;
  readonly #replies: readonly { readonly reply: string; readonly headers?: MsgHdrs }[];
  readonly #sentAt: Float64Array;
  #histogram: Histogram | undefined;
  #sending = true;
  #wrong = 0;
  #firstWrong: string | undefined;
  #outstanding = 0;

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

  /** Sends no more and waits for what is under way, for at most `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    this.#sending = false;
    const deadline = performance.now() + timeoutMs;
    while (this.#outstanding > 0 && performance.now() < deadline) await sleep(DRAIN_POLL_MS);
  }

  #send(slot: number): void {
    this.#outstanding += 1;
    this.#sentAt[slot] = performance.now();
    this.#nc.publish(this.#subject, this.#payload, this.#replies[slot]);
  }

  #onReply(error: Error | null, message: Msg, slotAt: number): void {
    this.#outstanding -= 1;
    const slot = Number(message.subject.slice(slotAt));
    this.#histogram?.record((performance.now() - (this.#sentAt[slot] ?? 0)) * 1_000);
    if (error !== null || !this.#isExpected(message)) {
      this.#wrong += 1;
      this.#firstWrong ??= error?.message ?? message.string().slice(0, FIRST_WRONG_CHARS);
    }
    if (this.#sending) this.#send(slot);
  }
}
