import {
  createInbox,
  errors,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import { type Clock, formatBytes, HairspringError, type HostCallResult } from '../../core/index.ts';
import type { Held } from '../shared/handles.ts';
import { MESSAGING_LIMITS } from './limits.ts';
import type { MessagingBudgets } from './provider-budgets.ts';
import { type Attempt, toMessagingError } from './provider-errors.ts';
import { replyPairs } from './provider-headers.ts';
import type { ConnectionWatch } from './provider-watch.ts';

const END: HostCallResult = { value: null };

export interface RepliesOptions extends Attempt {
  readonly nc: NatsConnection;
  /** Of the connection. @default `_INBOX` */
  readonly inboxPrefix: string | undefined;
  readonly clock: Clock;
  readonly watch: ConnectionWatch;
  readonly budgets: MessagingBudgets;
  readonly subject: string;
  /** After the last of so many replies it ends. */
  readonly maxMessages: number;
  /** It ends when no further reply has come for so long after one. */
  readonly stallMs: number;
  /** It ends after so long at the latest. */
  readonly timeoutMs: number;
}

interface Waiter {
  readonly resolve: (result: HostCallResult) => void;
  readonly reject: (error: HairspringError) => void;
}

/**
 * The replies to one request, until there are enough of them, no more come, or the time is up. They wait for the
 * function up to a bound; beyond it no further ones are taken, and the function hears so after those that it has.
 */
export class Replies implements Held {
  readonly inbox: string;
  readonly #options: RepliesOptions;
  readonly #subscription: Subscription;
  readonly #stopListening: () => void;
  readonly #endMs: number;
  #stopTimer: () => void;
  #waiting: { readonly result: HostCallResult; readonly bytes: number }[] = [];
  #waitingBytes = 0;
  #waiters: Waiter[] = [];
  #received = 0;
  #lastMs = 0;
  #isOver = false;
  #error: HairspringError | undefined;

  /** Listens from now on, so that the request may be sent with its inbox. */
  constructor(options: RepliesOptions) {
    const { nc, clock, watch, timeoutMs, inboxPrefix } = options;
    this.#options = options;
    this.inbox = createInbox(inboxPrefix);
    this.#endMs = clock.monotonicMs() + timeoutMs;
    this.#subscription = nc.subscribe(this.inbox, { callback: this.#onMessage });
    this.#stopListening = watch.listen((error, subject) => {
      if (subject === undefined || subject === options.subject) this.#fail(error);
    });
    this.#stopTimer = clock.after(timeoutMs, this.#onTimer);
  }

  /** The next reply, or null as its value at the end. Rejects with what ended it otherwise. */
  next(): Promise<HostCallResult> {
    const first = this.#waiting.shift();
    if (first !== undefined) {
      this.#forget(first.bytes);
      return Promise.resolve(first.result);
    }
    if (!this.#isOver) return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    return this.#error === undefined ? Promise.resolve(END) : Promise.reject(this.#error);
  }

  release(): void {
    this.#end(undefined);
    this.#forget(this.#waitingBytes);
    this.#waiting = [];
  }

  readonly #onMessage = (error: Error | null, message: Msg): void => {
    if (error !== null) this.#fail(error);
    else if (!this.#isOver) this.#take(message);
  };

  #take({ data, headers }: Msg): void {
    const isNobody = data.length === 0 && headers?.code === 503 && this.#received === 0;
    if (isNobody) {
      this.#fail(new errors.NoRespondersError(this.#options.subject));
      return;
    }
    const { clock, stallMs, maxMessages } = this.#options;
    this.#received += 1;
    this.#lastMs = clock.monotonicMs();
    // From then on each reply only puts the end off.
    if (this.#received === 1 && stallMs !== Number.POSITIVE_INFINITY) this.#onTimer();
    this.#hand({ value: replyPairs(headers), data });
    if (this.#received >= maxMessages) this.#end(undefined);
  }

  #hand(result: HostCallResult & { readonly value: readonly string[]; readonly data: Uint8Array }): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve(result);
      return;
    }
    let bytes = result.data.length;
    for (const text of result.value) bytes += text.length;
    const { waitingReplies, waitingReplyBytes } = MESSAGING_LIMITS;
    const isFull =
      this.#waiting.length >= waitingReplies ||
      (this.#waiting.length > 0 && this.#waitingBytes + bytes > waitingReplyBytes);
    if (isFull || !this.#options.budgets.replies.take(bytes)) {
      this.#end(this.#tooSlow(isFull));
      return;
    }
    this.#waitingBytes += bytes;
    // A copy: a reply of a few bytes must not keep all that was read together with it.
    this.#waiting.push({ result: { ...result, data: Uint8Array.from(result.data) }, bytes });
  }

  #tooSlow(isOwn: boolean): HairspringError {
    const { waitingReplies, waitingReplyBytes, cellReplyBytes } = MESSAGING_LIMITS;
    const detail = isOwn
      ? `${this.#waiting.length} replies of ${formatBytes(this.#waitingBytes)} wait for the function, of at most ${waitingReplies} and ${formatBytes(waitingReplyBytes)}`
      : `the replies that wait in the cell would be more than ${formatBytes(cellReplyBytes)}`;
    return new HairspringError('HS_REQUEST_SLOW_CONSUMER', `Cannot ${this.#options.action}: ${detail}`);
  }

  #forget(bytes: number): void {
    this.#waitingBytes -= bytes;
    this.#options.budgets.replies.give(bytes);
  }

  readonly #onTimer = (): void => {
    if (this.#isOver) return;
    const { clock, stallMs } = this.#options;
    const stallsMs = this.#received === 0 ? this.#endMs : this.#lastMs + stallMs;
    const leftMs = Math.min(this.#endMs, stallsMs) - clock.monotonicMs();
    this.#stopTimer();
    if (leftMs <= 0) this.#end(undefined);
    else this.#stopTimer = clock.after(leftMs, this.#onTimer);
  };

  #fail(error: Error): void {
    this.#end(toMessagingError(error, this.#options));
  }

  #end(error: HairspringError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.#stopTimer();
    this.#stopListening();
    this.#subscription.unsubscribe();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { resolve, reject } of waiters) {
      if (error === undefined) resolve(END);
      else reject(error);
    }
  }
}
