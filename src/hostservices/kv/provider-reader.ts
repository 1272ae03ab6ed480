import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import {
  createInbox,
  errors,
  type Msg,
  type NatsConnection,
  nanos,
  nuid,
  type Subscription,
} from '@nats-io/transport-node';
import type { Background } from '../shared/background.ts';
import { ConnectionLostError, type Link } from '../shared/provider-link.ts';
import type { StoredMessage } from './provider-messages.ts';

/** How long an answer may take that the server does not wait with. */
const TIMEOUT_MS = 5_000;

/** Times that a consumer is deleted when connections are lost meanwhile. */
const MAX_DELETIONS = 5;

/** The server ended the reading by itself. */
export class ReadingEndedError extends Error {
  constructor(code: number, description: string) {
    super(`the server ended the reading: ${code} ${description}`);
    this.name = 'ReadingEndedError';
  }
}

export interface ReaderMeans {
  readonly nc: NatsConnection;
  readonly manager: JetStreamManager;
  readonly link: Link;
  readonly inboxPrefix: string | undefined;
  readonly background: Background;
}

export interface ReaderOptions {
  readonly stream: string;
  readonly filterSubject: string;
  /** The last message of each subject and all that follow, all there are, only new ones, or from a sequence on. */
  readonly from: 'last' | 'all' | 'new' | number;
  readonly headersOnly?: boolean;
  /** After so long without a request the server removes what a lost cell has left. */
  readonly idleMs: number;
}

export interface PullOptions {
  readonly batch: number;
  readonly maxBytes?: number;
  /** How long to wait for messages that are not there yet. @default not at all */
  readonly waitMs?: number;
}

/** Why a pull gave no more: it was served, or the next message is larger than what is left of `maxBytes`. */
export type PullEnd = 'served' | 'too-large';

interface Pull {
  readonly inbox: string;
  readonly resolve: (end: PullEnd) => void;
  readonly reject: (error: Error) => void;
  readonly onMessage: (message: StoredMessage, pending: number) => void;
  readonly isWaiting: boolean;
  left: number;
}

/**
 * Reads a stream by a consumer of its own, at the pace of its pulls: nothing comes that was not asked for. The server
 * holds it to the filter, also by the permissions of the connection's user, because the filter is in the subject.
 */
export class StreamReader {
  readonly #means: ReaderMeans;
  readonly #stream: string;
  readonly #name = nuid.next();
  readonly #inbox: string;
  #subscription: Subscription | undefined;
  #stopListening: (() => void) | undefined;
  #pull: Pull | undefined;
  #pulls = 0;
  #closing: Promise<void> | undefined;
  #pending = 0;

  private constructor(means: ReaderMeans, stream: string) {
    this.#means = means;
    this.#stream = stream;
    this.#inbox = `${createInbox(means.inboxPrefix)}.`;
  }

  /** @throws what JetStream answers; nothing is left open then */
  static async open(means: ReaderMeans, options: ReaderOptions): Promise<StreamReader> {
    const { stream, filterSubject, from, headersOnly = false, idleMs } = options;
    const reader = new StreamReader(means, stream);
    try {
      const { num_pending } = await means.link.guard(
        means.manager.consumers.add(stream, {
          name: reader.#name,
          ack_policy: AckPolicy.None,
          ...startOf(from),
          filter_subject: filterSubject,
          headers_only: headersOnly,
          inactive_threshold: nanos(idleMs),
          mem_storage: true,
          num_replicas: 1,
        }),
      );
      reader.#pending = num_pending;
    } catch (error) {
      // When the answer was lost, the consumer may be there.
      if (error instanceof errors.TimeoutError || error instanceof ConnectionLostError) void reader.close();
      throw error;
    }
    return reader;
  }

  /** Messages that were there when it was opened. */
  get pending(): number {
    return this.#pending;
  }

  /** Asks for messages, one pull at a time. `pending` counts those that are still to come. */
  pull(
    { batch, maxBytes, waitMs }: PullOptions,
    onMessage: (message: StoredMessage, pending: number) => void,
  ): Promise<PullEnd> {
    if (this.#closing !== undefined) return Promise.resolve('served');
    const { nc, link } = this.#means;
    this.#subscription ??= nc.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.#received(message);
        else this.#fail(error);
      },
    });
    this.#stopListening ??= link.onLost((error) => this.#fail(error));
    this.#pulls += 1;
    const inbox = `${this.#inbox}${this.#pulls}`;
    const ended = new Promise<PullEnd>((resolve, reject) => {
      this.#pull = { inbox, resolve, reject, onMessage, isWaiting: waitMs !== undefined, left: batch };
    });
    const request = {
      batch,
      ...(maxBytes === undefined ? {} : { max_bytes: maxBytes }),
      ...(waitMs === undefined ? { no_wait: true } : { expires: nanos(waitMs) }),
    };
    const late = setTimeout(() => this.#fail(new errors.TimeoutError()), TIMEOUT_MS + (waitMs ?? 0)).unref();
    nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${this.#stream}.${this.#name}`, JSON.stringify(request), {
      reply: inbox,
    });
    return ended.finally(() => clearTimeout(late));
  }

  #received(message: Msg): void {
    const pull = this.#pull;
    if (pull === undefined) return;
    // Only what the server itself says comes to the inbox; messages keep the subject that they are stored under.
    if (message.subject.startsWith(this.#inbox)) {
      if (message.subject === pull.inbox) this.#status(message);
      return;
    }
    const { pending, ...place } = placeOf(message.reply ?? '');
    const { subject, headers, data } = message;
    pull.left -= 1;
    pull.onMessage({ subject, headers, data, ...place }, pending);
    if (pull.left === 0 || (pending === 0 && !pull.isWaiting)) this.#end('served');
  }

  #status({ headers, subject }: Msg): void {
    const { code = 0, description = '' } = headers ?? {};
    if (code === 404 || code === 408) this.#end('served');
    else if (code === 503) this.#fail(new errors.NoRespondersError(subject));
    else if (code === 409 && /maxbytes/i.test(description)) this.#end('too-large');
    else if (code === 409 && /batch completed/i.test(description)) this.#end('served');
    else if (code !== 100) this.#fail(new ReadingEndedError(code, description));
  }

  #end(end: PullEnd): void {
    this.#pull?.resolve(end);
    this.#pull = undefined;
  }

  #fail(error: Error): void {
    this.#pull?.reject(error);
    this.#pull = undefined;
  }

  /** Gives back all that it holds here and on the server. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#means.background.add(this.#close());
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#end('served');
    this.#stopListening?.();
    this.#subscription?.unsubscribe();
    if (await this.#isDeleted()) return;
    void this.#deleteLater();
  }

  /** What is sent while the connection is away may never arrive. */
  async #deleteLater(): Promise<void> {
    for (let attempt = 0; attempt < MAX_DELETIONS; attempt += 1)
      if (!(await this.#means.link.untilUp()) || (await this.#isDeleted())) return;
  }

  /** @returns false when the connection was lost; what else fails is left to the server, which removes idle consumers */
  async #isDeleted(): Promise<boolean> {
    const { manager, link } = this.#means;
    try {
      await link.ask(() => manager.consumers.delete(this.#stream, this.#name));
      return true;
    } catch (error) {
      return !(error instanceof ConnectionLostError);
    }
  }
}

function startOf(from: ReaderOptions['from']): {
  readonly deliver_policy: DeliverPolicy;
  readonly opt_start_seq?: number;
} {
  if (typeof from === 'number') return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from };
  if (from === 'last') return { deliver_policy: DeliverPolicy.LastPerSubject };
  return { deliver_policy: from === 'all' ? DeliverPolicy.All : DeliverPolicy.New };
}

/**
 * Where a delivered message stands, by its reply subject: `$JS.ACK.<stream>.<consumer>.<delivered>.<stream
 * sequence>.<consumer sequence>.<nanoseconds>.<pending>`, with domain and account before the stream on some servers.
 */
function placeOf(reply: string): { revision: number; createdMs: number; pending: number } {
  const tokens = reply.split('.');
  const [revision, , ns, pending] = tokens.slice(tokens.length > 9 ? 7 : 5);
  return { revision: Number(revision), createdMs: Math.floor(Number(ns) / 1e6), pending: Number(pending) };
}
