import { HairspringError } from '../../core/index.ts';
import { OBJECT_LIMITS } from './limits.ts';
import { type ObjectInfo, toInfo } from './meta.ts';
import type { ObjectBucket } from './provider-bucket.ts';
import { MetaConsumer, type PulledMeta } from './provider-meta-consumer.ts';

const BATCH = 256;
/** A forgotten consumer goes away by itself after so long. */
const IDLE_MS = 5_000;
/** Status of a pull: there is nothing, and there was no room for more in one answer. */
const NOTHING = 404;
const NO_ROOM = 409;

/**
 * The objects whose names begin with `prefix`, in the order of their names. They are all looked through, since
 * subjects tell nothing of them.
 * @throws HS_HOST_CALL_LIMIT, HS_OBJECT_UNAVAILABLE
 */
export async function listObjects(bucket: ObjectBucket, prefix: string): Promise<readonly ObjectInfo[]> {
  const consumer = await MetaConsumer.create(bucket, 'all', IDLE_MS);
  const listed = new Listed(bucket.name, prefix);
  try {
    for (;;) {
      const { found, status } = await consumer.pull(BATCH, 0);
      for (const each of found) listed.add(each);
      if (status === NOTHING || found.at(-1)?.pending === 0) return listed.sorted();
      if (found.length === 0)
        throw new HairspringError(
          'HS_OBJECT_UNAVAILABLE',
          `Cannot list objects of "${bucket.name}": the server answered ${status === NO_ROOM ? 'that one is too large' : status}`,
        );
    }
  } finally {
    await consumer.delete();
  }
}

class Listed {
  readonly #bucket: string;
  readonly #prefix: string;
  /** By name: of some the stream may have several messages. */
  readonly #infos = new Map<string, ObjectInfo>();
  #scanned = 0;
  #chars = 0;

  constructor(bucket: string, prefix: string) {
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  add(found: PulledMeta): void {
    this.#scanned += 1;
    if (this.#scanned > OBJECT_LIMITS.scanned)
      throw this.#limit(`it has more than ${OBJECT_LIMITS.scanned} names`);
    const { meta } = found;
    if (meta === undefined || !meta.name.startsWith(this.#prefix)) return;
    if (meta.deleted === true) {
      this.#infos.delete(meta.name);
      return;
    }
    this.#chars += found.chars;
    this.#infos.set(meta.name, toInfo(found, meta.name));
    if (this.#infos.size > OBJECT_LIMITS.listed)
      throw this.#limit(`one call lists at most ${OBJECT_LIMITS.listed}; give a longer prefix`);
    if (this.#chars > OBJECT_LIMITS.listedChars)
      throw this.#limit(
        `what is said of them is more than ${OBJECT_LIMITS.listedChars} characters; give a longer prefix`,
      );
  }

  sorted(): readonly ObjectInfo[] {
    return [...this.#infos.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #limit(reason: string): HairspringError {
    return new HairspringError(
      'HS_HOST_CALL_LIMIT',
      `Cannot list objects "${this.#prefix}…" of "${this.#bucket}": ${reason}`,
    );
  }
}
