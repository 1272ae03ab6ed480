import { AckPolicy, type ConsumerConfig, DeliverPolicy } from '@nats-io/jetstream';
import { nuid as nuids } from '@nats-io/nuid';
import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node';
import { HairspringError } from '../../core/index.ts';
import { type FoundMeta, parseMeta } from './meta.ts';
import type { ObjectBucket } from './provider-bucket.ts';

/** How much longer than it was asked to wait the server may take to say that there is nothing. */
const GRACE_MS = 5_000;

export interface PulledMeta extends FoundMeta {
  /** How many came behind it at that time. */
  readonly pending: number;
  readonly chars: number;
}

export interface Pulled {
  readonly found: readonly PulledMeta[];
  /** With which the server ended the pull; 0 when all that was asked for came. */
  readonly status: number;
}

/** Where to begin: with the newest of each name, with what comes from now on, or at a place in the stream. */
export type MetaStart = 'all' | 'new' | number;

/** An ephemeral consumer of what a bucket says of its objects. */
export class MetaConsumer {
  readonly #bucket: ObjectBucket;
  readonly #name: string;
  #pulling: Subscription | undefined;
  /** Of the last message before those that it gives. */
  readonly startSeq: number;

  private constructor(bucket: ObjectBucket, name: string, startSeq: number) {
    this.#bucket = bucket;
    this.#name = name;
    this.startSeq = startSeq;
  }

  /** @param idleMs after which it goes away by itself when nobody pulls */
  static async create(bucket: ObjectBucket, start: MetaStart, idleMs: number): Promise<MetaConsumer> {
    const name = nuids.next();
    const config: Partial<ConsumerConfig> = {
      name,
      ack_policy: AckPolicy.None,
      filter_subject: `$O.${bucket.name}.M.>`,
      inactive_threshold: idleMs * 1_000_000,
      mem_storage: true,
      num_replicas: 1,
      ...startConfig(start),
    };
    const manager = await bucket.manager();
    const { delivered } = await bucket.means.link.ask(() => manager.consumers.add(bucket.stream, config));
    return new MetaConsumer(bucket, name, delivered.stream_seq);
  }

  /**
   * Up to `count` messages, as far as they are there, or the first that comes within `waitMs`.
   * @throws HS_OBJECT_UNAVAILABLE when the server says nothing, ConnectionLostError
   */
  async pull(count: number, waitMs: number): Promise<Pulled> {
    const { nc, inboxPrefix, link } = this.#bucket.means;
    link.check();
    const { max_payload: largest = 1024 ** 2 } = nc.info ?? {};
    const wait = waitMs === 0 ? { no_wait: true } : { expires: waitMs * 1_000_000 };
    const inbox = createInbox(inboxPrefix);
    const subscription = nc.subscribe(inbox);
    this.#pulling = subscription;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      subscription.unsubscribe();
    }, waitMs + GRACE_MS);
    let lost: Error | undefined;
    const stopListening = link.onLost((error) => {
      lost = error;
      subscription.unsubscribe();
    });
    try {
      const request = { batch: count, max_bytes: 2 * largest, ...wait };
      const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#bucket.stream}.${this.#name}`;
      nc.publish(subject, JSON.stringify(request), { reply: inbox });
      const pulled = await take(subscription, count);
      if (lost !== undefined && pulled.found.length === 0) throw lost;
      if (isLate && pulled.found.length === 0)
        throw new HairspringError(
          'HS_OBJECT_UNAVAILABLE',
          `Cannot look through object store "${this.#bucket.name}": the server did not answer for ${GRACE_MS} ms`,
        );
      return pulled;
    } finally {
      clearTimeout(timer);
      stopListening();
      subscription.unsubscribe();
    }
  }

  /** Never throws: what cannot be deleted goes away when it is idle. */
  delete(): Promise<void> {
    return this.#bucket.means.background.add(this.#delete());
  }

  async #delete(): Promise<void> {
    try {
      const manager = await this.#bucket.manager();
      await manager.consumers.delete(this.#bucket.stream, this.#name);
    } catch {
      return;
    } finally {
      this.#pulling?.unsubscribe();
    }
  }
}

function startConfig(start: MetaStart): Partial<ConsumerConfig> {
  if (start === 'all') return { deliver_policy: DeliverPolicy.LastPerSubject };
  if (start === 'new') return { deliver_policy: DeliverPolicy.New };
  return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start };
}

async function take(subscription: Subscription, count: number): Promise<Pulled> {
  const found: PulledMeta[] = [];
  for await (const message of subscription) {
    const status = message.headers?.code ?? 0;
    if (status !== 0) return { found, status };
    const meta = toMeta(message);
    found.push(meta);
    if (found.length === count || meta.pending === 0) break;
  }
  return { found, status: 0 };
}

/** `$JS.ACK.[domain.account.]stream.consumer.deliveries.streamSeq.consumerSeq.nanoseconds.pending[.random]` */
function toMeta(message: Msg): PulledMeta {
  const tokens = (message.reply ?? '').split('.');
  const at = tokens.length > 9 ? 7 : 5;
  const text = message.string();
  return {
    revision: Number(tokens[at]),
    timeMs: Math.floor(Number(tokens[at + 2]) / 1_000_000),
    pending: Number(tokens[at + 3]),
    chars: text.length,
    meta: parseMeta(text),
  };
}
