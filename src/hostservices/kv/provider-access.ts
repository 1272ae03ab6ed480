import { type JetStreamClient, type JetStreamManager, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { HairspringError, KvBinding } from '../../core/index.ts';
import { Background } from '../shared/background.ts';
import { isNoResponders } from '../shared/provider-failures.ts';
import { Link } from '../shared/provider-link.ts';
import { PROBE_CONSUMER } from './permissions.ts';
import { DirectGets } from './provider-direct-gets.ts';
import { API_CODES, isApiError, toKvError } from './provider-errors.ts';
import { type ReaderOptions, ReadingEndedError, StreamReader } from './provider-reader.ts';

/** How long a read consumer outlives a cell that was lost while it read. */
const READ_IDLE_MS = 5_000;

/** How a cell reaches JetStream, for the bindings of all its functions. */
export class KvAccess {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly link: Link;
  readonly directGets: DirectGets;
  readonly background = new Background();
  readonly #inboxPrefix: string | undefined;
  #manager: Promise<JetStreamManager> | undefined;

  constructor(nc: NatsConnection, inboxPrefix: string | undefined) {
    this.nc = nc;
    this.js = jetstream(nc, { checkAPI: false });
    this.link = new Link(nc);
    this.directGets = new DirectGets(nc, inboxPrefix);
    this.#inboxPrefix = inboxPrefix;
  }

  manager(): Promise<JetStreamManager> {
    this.#manager ??= this.js.jetstreamManager(false);
    return this.#manager;
  }

  async openReader(
    options: Omit<ReaderOptions, 'idleMs'> & { readonly idleMs?: number },
  ): Promise<StreamReader> {
    const manager = await this.manager();
    const { nc, link, background } = this;
    const means = { nc, link, background, manager, inboxPrefix: this.#inboxPrefix };
    return StreamReader.open(means, { idleMs: READ_IDLE_MS, ...options });
  }

  /** Reads with a reader that is gone from the server afterwards. */
  async read<Result>(
    options: Omit<ReaderOptions, 'idleMs'>,
    use: (reader: StreamReader) => Promise<Result>,
  ): Promise<Result> {
    const reader = await this.openReader(options);
    try {
      return await use(reader);
    } finally {
      await reader.close();
    }
  }

  /**
   * `error` as one of our codes. The server says the same when there is no bucket and when nobody serves it
   * at the moment, so it is asked for a consumer that nobody has: it answers which of the two is missing.
   */
  async explain(error: unknown, action: string, { bucket }: KvBinding): Promise<HairspringError> {
    if (!isNoResponders(error) && !(error instanceof ReadingEndedError))
      return toKvError(error, action, bucket);
    try {
      const manager = await this.manager();
      await manager.consumers.info(`KV_${bucket}`, PROBE_CONSUMER);
    } catch (reason) {
      if (isApiError(reason, API_CODES.streamNotFound)) return toKvError(reason, action, bucket);
    }
    return toKvError(error, action, bucket);
  }
}
