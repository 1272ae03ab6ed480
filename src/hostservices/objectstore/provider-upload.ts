import { createHash, type Hash } from 'node:crypto';
import { nuid as nuids } from '@nats-io/nuid';
import { HairspringError } from '../../core/index.ts';
import { chunkBytesWithin, OBJECT_LIMITS } from './limits.ts';
import { type FoundMeta, toDigest } from './meta.ts';
import type { ObjectBucket } from './provider-bucket.ts';
import { isRefusal } from './provider-errors.ts';
import type { Opened } from './provider-opened.ts';
import type { PutOptions } from './put-options.ts';

/**
 * An object on its way into a bucket. What had its name stays whole until the last byte is there; without that its
 * chunks are purged.
 */
export class Upload implements Opened {
  readonly #bucket: ObjectBucket;
  readonly #name: string;
  readonly #options: PutOptions;
  readonly #nuid = nuids.next();
  readonly #hash: Hash = createHash('sha256');
  readonly #chunkBytes: number;
  /** Chunks that the server has not acknowledged. */
  readonly #sent: Promise<void>[] = [];
  #chunk: Buffer;
  #filled = 0;
  #size = 0;
  #chunks = 0;
  /** What is written is taken in turn. */
  #turn: Promise<unknown> = Promise.resolve();
  #failure: unknown;
  /** What the server was too slow to acknowledge may still come. */
  #mayComeLate = false;
  /** From here on it may be the object of its name, whatever goes wrong. */
  #isCommitting = false;
  #state: 'open' | 'finishing' | 'given up' = 'open';
  #purged: Promise<void> | undefined;

  constructor(bucket: ObjectBucket, name: string, options: PutOptions) {
    this.#bucket = bucket;
    this.#name = name;
    this.#options = options;
    this.#chunkBytes = chunkBytesWithin(bucket.means.nc.info?.max_payload);
    this.#chunk = Buffer.alloc(0);
  }

  /** Resolves when the server has acknowledged enough for more to come. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#append(bytes));
  }

  /** Makes it the object of its name. Nothing else may follow. */
  finish(): Promise<FoundMeta> {
    const finished = this.#inTurn(() => this.#commit());
    this.#state = 'finishing';
    return finished;
  }

  release(): void {
    if (this.#state === 'open') void this.#giveUp(this.#closedError());
  }

  async closed(): Promise<void> {
    await this.#purged;
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.#state !== 'open') return Promise.reject(this.#failure ?? this.#closedError());
    const done = this.#turn.then(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        return await action();
      } catch (error) {
        // Not waited for: it waits for this turn.
        void this.#giveUp(error);
        throw error;
      }
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === 0 && bytes.length - at >= this.#chunkBytes) {
        await this.#send(bytes.subarray(at, at + this.#chunkBytes));
        at += this.#chunkBytes;
        continue;
      }
      if (this.#chunk.length === 0) this.#chunk = Buffer.allocUnsafeSlow(this.#chunkBytes);
      const piece = bytes.subarray(at, at + this.#chunkBytes - this.#filled);
      this.#chunk.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.#chunkBytes) await this.#sendFilled();
    }
  }

  async #sendFilled(): Promise<void> {
    const data = this.#chunk.subarray(0, this.#filled);
    this.#chunk = Buffer.alloc(0);
    this.#filled = 0;
    await this.#send(data);
  }

  async #send(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; ) {
      // A server that has come back may take less than the one before.
      const piece = data.subarray(at, at + chunkBytesWithin(this.#bucket.means.nc.info?.max_payload));
      await this.#sendChunk(piece);
      at += piece.length;
    }
  }

  async #sendChunk(data: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#hash.update(data);
    this.#size += data.length;
    this.#chunks += 1;
    const sent = this.#bucket.putChunk(this.#nuid, data);
    sent.catch(() => {
      this.#mayComeLate = true;
    });
    this.#sent.push(sent);
    while (this.#sent.length > OBJECT_LIMITS.unacknowledgedChunks) await this.#sent.shift();
  }

  async #commit(): Promise<FoundMeta> {
    if (this.#filled > 0) await this.#sendFilled();
    await Promise.all(this.#sent);
    const digest = toDigest(this.#hash.digest());
    this.#isCommitting = true;
    const found = await this.#bucket.replace(this.#name, () => ({
      name: this.#name,
      ...this.#options,
      options: { max_chunk_size: this.#chunkBytes },
      bucket: this.#bucket.name,
      nuid: this.#nuid,
      size: this.#size,
      chunks: this.#chunks,
      digest,
      mtime: new Date().toISOString(),
      deleted: false,
    }));
    if (found !== undefined) return found;
    throw new HairspringError('HS_INTERNAL', `Cannot put object ${JSON.stringify(this.#name)}`);
  }

  /** Purges what was sent, once none of it is under way any more. */
  #giveUp(failure: unknown): Promise<void> {
    this.#failure ??= failure;
    this.#state = 'given up';
    this.#purged ??= this.#bucket.means.background.add(this.#purge());
    return this.#purged;
  }

  async #purge(): Promise<void> {
    await this.#turn;
    await Promise.allSettled(this.#sent);
    if (this.#chunks === 0) return;
    const unlessOf = this.#isCommitting ? this.#name : undefined;
    // What was sent last may still be on its way, and make these the chunks of the object.
    const mayBeThere = this.#isCommitting && !isRefusal(this.#failure);
    if (!mayBeThere) await this.#bucket.purge(this.#nuid, { unlessOf });
    if (mayBeThere || this.#mayComeLate) this.#bucket.purgeLater(this.#nuid, { unlessOf });
  }

  #closedError(): HairspringError {
    return new HairspringError(
      'HS_HOST_CALL_INVALID',
      `Cannot go on with the put of object ${JSON.stringify(this.#name)}: it is closed, as it is when its invocation ends`,
    );
  }
}
