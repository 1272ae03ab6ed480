import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';

export interface OpenBucket {
  readonly kv: KV;
  /** Whether its stream answers direct gets, under the bucket's own subjects. */
  readonly isDirect: boolean;
}

/** The buckets that a cell has opened. */
export class KvBuckets {
  readonly #js: JetStreamClient;
  readonly #opened = new Map<string, Promise<OpenBucket>>();

  constructor(js: JetStreamClient) {
    this.#js = js;
  }

  manager(): Promise<JetStreamManager> {
    return this.#js.jetstreamManager(false);
  }

  /**
   * Opens a bucket with direct gets where its stream allows them, which is looked up at the first use.
   * @throws what JetStream answers when there is no such stream
   */
  open(bucket: string): Promise<OpenBucket> {
    const known = this.#opened.get(bucket);
    if (known !== undefined) return known;
    const opened = this.#lookUp(bucket);
    this.#opened.set(bucket, opened);
    opened.catch(() => this.#opened.delete(bucket));
    return opened;
  }

  async #lookUp(bucket: string): Promise<OpenBucket> {
    const manager = await this.manager();
    const { config } = await manager.streams.info(`KV_${bucket}`);
    const allowsDirect = config.allow_direct === true;
    return {
      kv: await new Kvm(this.#js).open(bucket, { allow_direct: allowsDirect }),
      isDirect: allowsDirect && config.mirror === undefined,
    };
  }

  /**
   * Why nobody responded for a bucket: the server says the same when there is no bucket, when its stream
   * has no leader, and when it no longer allows direct gets.
   * @returns `error`, or what JetStream says about the stream
   */
  async explain(bucket: string, error: unknown): Promise<unknown> {
    this.#opened.delete(bucket);
    try {
      const manager = await this.manager();
      await manager.streams.info(`KV_${bucket}`);
      return error;
    } catch (reason) {
      return reason;
    }
  }
}
