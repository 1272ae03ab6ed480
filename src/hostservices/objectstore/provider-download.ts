import { createHash, type Hash } from 'node:crypto';
import { HairspringError, type HostCallResult } from '../../core/index.ts';
import { isPermissionViolation } from '../shared/provider-failures.ts';
import { OBJECT_LIMITS } from './limits.ts';
import { corrupt, type FoundMeta, isDigestOf, type ObjectMeta } from './meta.ts';
import type { ObjectBucket } from './provider-bucket.ts';
import { toObjectError } from './provider-errors.ts';
import type { Opened } from './provider-opened.ts';

/** A replica that answers may know of an object before it has the last of its chunks. */
const REPLICA_PAUSES_MS = [50, 200, 500] as const;

/** The content of one object, chunk by chunk. Little of it is read before the function asks. */
export class Download implements Opened {
  readonly #bucket: ObjectBucket;
  readonly #meta: ObjectMeta;
  readonly #revision: number;
  readonly #hash: Hash = createHash('sha256');
  readonly #mostAhead: number;
  /** In the order of the chunks; each begins when the one before it is there. */
  readonly #ahead: Promise<Uint8Array>[] = [];
  #last: Promise<unknown> = Promise.resolve();
  #planned = 0;
  #seq = 1;
  #bytes = 0;
  #isReleased = false;

  constructor(bucket: ObjectBucket, { revision }: FoundMeta, meta: ObjectMeta) {
    this.#bucket = bucket;
    this.#meta = meta;
    this.#revision = revision;
    const isLarge = meta.size > meta.chunks * OBJECT_LIMITS.aheadChunkBytes;
    this.#mostAhead = isLarge ? 0 : OBJECT_LIMITS.chunksAhead;
  }

  /** The next chunk, or null when all have come and are what was put. */
  async next(): Promise<HostCallResult> {
    this.#plan(this.#mostAhead + 1);
    const chunk = this.#ahead.shift();
    if (chunk === undefined) {
      await this.#last;
      this.#check();
      return { value: null };
    }
    const data = await chunk;
    this.#plan(this.#mostAhead);
    return { value: 1, data };
  }

  release(): void {
    this.#isReleased = true;
    this.#ahead.length = 0;
  }

  #plan(count: number): void {
    while (this.#ahead.length < count && this.#planned < this.#meta.chunks) {
      this.#planned += 1;
      const chunk = this.#last.then(() => this.#read());
      // Whoever never asks for it is not told of its failure.
      chunk.catch(() => undefined);
      this.#ahead.push(chunk);
      this.#last = chunk;
    }
  }

  async #read(): Promise<Uint8Array> {
    const { nuid, size } = this.#meta;
    const message = await this.#find(nuid);
    this.#seq = message.seq + 1;
    this.#bytes += message.data.length;
    if (this.#bytes > size) throw corrupt(this.#shown, `it has more than its ${size} bytes`);
    this.#hash.update(message.data);
    return message.data;
  }

  async #find(nuid: string): Promise<{ data: Uint8Array; seq: number }> {
    for (let attempt = 0; ; attempt += 1) {
      if (this.#isReleased) throw this.#cut('it was closed');
      try {
        const found = await this.#bucket.chunk(nuid, this.#seq);
        if (found !== undefined) return found;
        const now = await this.#bucket.find(this.#meta.name);
        if (now?.revision !== this.#revision) throw this.#cut('it was replaced or deleted meanwhile');
      } catch (error) {
        if (HairspringError.is(error) || isPermissionViolation(error)) throw error;
        const told = toObjectError(error, `read ${this.#shown}`, this.#bucket.name);
        throw this.#cut(told.message, error);
      }
      const pauseMs = REPLICA_PAUSES_MS[attempt];
      if (pauseMs === undefined)
        throw this.#cut(`${this.#bytes} of its ${this.#meta.size} bytes are in the bucket`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #check(): void {
    if (this.#bytes !== this.#meta.size)
      throw corrupt(this.#shown, `its chunks are ${this.#bytes} bytes, and it has ${this.#meta.size}`);
    if (!isDigestOf(this.#meta.digest, this.#hash.digest()))
      throw corrupt(this.#shown, 'its content has another SHA-256 digest than was put');
  }

  #cut(reason: string, cause?: unknown): HairspringError {
    return new HairspringError('HS_OBJECT_CUT', `Cannot read ${this.#shown} to its end: ${reason}`, {
      cause,
    });
  }

  get #shown(): string {
    return `object ${JSON.stringify(this.#meta.name)} of "${this.#bucket.name}"`;
  }
}
