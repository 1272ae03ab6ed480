import { HairspringError, type HostCallResult } from '../../core/index.ts';
import { toInfo } from './meta.ts';
import type { ObjectBucket } from './provider-bucket.ts';
import { MetaConsumer, type MetaStart, type Pulled, type PulledMeta } from './provider-meta-consumer.ts';
import type { Opened } from './provider-opened.ts';

/** How long one pull waits. */
const WAIT_MS = 5_000;
/** Without a pull for so long the consumer goes away by itself, and is made again at the next. */
const IDLE_MS = 30_000;
/** How long one pull waits for a connection that is away. */
const AWAY_MS = 10_000;
/** Status of a pull: nothing came in time. */
const IN_VAIN = 408;
/** Pulls in a row that end before anything comes, and how long is waited between them. */
const MAX_FAILURES = 8;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
const NO_ANSWER: Pulled = { found: [], status: 0 };

/**
 * What changes in a bucket. Nothing is read before the function asks for it, so that one that is slow leaves it all in
 * the stream.
 */
export class Watch implements Opened {
  readonly #bucket: ObjectBucket;
  #consumer: MetaConsumer;
  #seq: number;
  #turn: Promise<unknown> = Promise.resolve();
  #isReleased = false;

  private constructor(bucket: ObjectBucket, consumer: MetaConsumer) {
    this.#bucket = bucket;
    this.#consumer = consumer;
    this.#seq = consumer.startSeq;
  }

  /** @param existing whether what is there comes first */
  static async open(bucket: ObjectBucket, existing: boolean): Promise<Watch> {
    return new Watch(bucket, await startConsumer(bucket, existing ? 'all' : 'new'));
  }

  next(): Promise<HostCallResult> {
    const found = this.#turn.then(() => this.#take());
    this.#turn = found.catch(() => undefined);
    return found;
  }

  release(): void {
    this.#isReleased = true;
    void this.#consumer.delete();
  }

  async #take(): Promise<HostCallResult> {
    for (let failures = 0; !this.#isReleased; ) {
      const { found, status } = await this.#consumer.pull(1, WAIT_MS).catch(() => NO_ANSWER);
      const [change] = found;
      if (change !== undefined) {
        const told = this.#tell(change);
        if (told !== undefined) return told;
      } else if (status === IN_VAIN) failures = 0;
      else if (!this.#isReleased) {
        failures += 1;
        await this.#restart(failures);
      }
    }
    return { value: null };
  }

  #tell(change: PulledMeta): HostCallResult | undefined {
    this.#seq = change.revision;
    return change.meta === undefined ? undefined : { value: toInfo(change, change.meta.name) };
  }

  /** The server has forgotten the consumer, or is away for a while. */
  async #restart(failures: number): Promise<void> {
    void this.#consumer.delete();
    await this.#bucket.means.link.untilUp(AWAY_MS);
    try {
      this.#consumer = await startConsumer(this.#bucket, this.#seq + 1);
    } catch (error) {
      const { code } = await this.#bucket.explain(error, `watch "${this.#bucket.name}"`);
      const isAway = code === 'HS_OBJECT_CONNECTION_LOST';
      if (isAway ? failures > MAX_FAILURES : code !== 'HS_OBJECT_UNAVAILABLE') throw error;
    }
    if (failures > MAX_FAILURES)
      throw new HairspringError(
        'HS_OBJECT_UNAVAILABLE',
        `Cannot watch object store "${this.#bucket.name}": the server ended ${failures} pulls in a row`,
      );
    if (this.#isReleased) await this.#consumer.delete();
    else await pause(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function startConsumer(bucket: ObjectBucket, start: MetaStart): Promise<MetaConsumer> {
  return MetaConsumer.create(bucket, start, IDLE_MS);
}
