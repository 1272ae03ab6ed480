import type { HostCallResult } from '../../core/index.ts';
import type { Held } from '../shared/handles.ts';
import { KV_LIMITS } from './limits.ts';
import { operationOf, type StoredMessage } from './provider-messages.ts';
import type { StreamReader } from './provider-reader.ts';

/** How long the server holds a pull to which nothing comes. */
const PULL_MS = 30_000;

export interface WatchOptions {
  readonly reader: StreamReader;
  readonly bucket: string;
  readonly ignoresDeletes: boolean;
  /** What to tell the function of a failure. */
  readonly explain: (error: unknown) => Promise<Error>;
}

interface Waiter {
  readonly resolve: (result: HostCallResult) => void;
  readonly reject: (error: Error) => void;
}

const END: HostCallResult = { value: null };

/**
 * The changes of a bucket, at the pace of the function: they are pulled when it asks, a few ahead. What a slow
 * function has not read stays in the bucket, which may replace it by newer values as its history says.
 */
export class Watch implements Held {
  readonly #options: WatchOptions;
  readonly #ready: HostCallResult[] = [];
  readonly #waiting: Waiter[] = [];
  #isUpdate: boolean;
  #isPulling = false;
  #isReleased = false;
  #failure: Error | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#isUpdate = options.reader.pending === 0;
  }

  /** The next change; the value is null when there will be none any more. */
  next(): Promise<HostCallResult> {
    const ready = this.#ready.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#isReleased) return Promise.resolve(END);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (!this.#isPulling) void this.#pull();
    });
  }

  async #pull(): Promise<void> {
    this.#isPulling = true;
    const { reader, explain } = this.#options;
    const { watchEntries, watchBytes } = KV_LIMITS;
    let isLarge = false;
    try {
      while (this.#waiting.length > 0) {
        let count = 0;
        const amount = isLarge ? { batch: 1 } : { batch: watchEntries, maxBytes: watchBytes };
        const end = await reader.pull({ ...amount, waitMs: PULL_MS }, (message, pending) => {
          count += 1;
          this.#received(message, pending);
        });
        // One that is larger than a whole pull comes alone.
        isLarge = end === 'too-large' && count === 0;
      }
    } catch (error) {
      this.#fail(await explain(error));
    } finally {
      this.#isPulling = false;
    }
  }

  #received(message: StoredMessage, pending: number): void {
    const isUpdate = this.#isUpdate;
    if (pending === 0) this.#isUpdate = true;
    const operation = operationOf(message);
    if (this.#options.ignoresDeletes && operation !== 'PUT') return;
    const key = message.subject.slice(`$KV.${this.#options.bucket}.`.length);
    const value = [key, message.revision, message.createdMs, operation, isUpdate ? 1 : 0];
    const result: HostCallResult = { value, data: message.data };
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#ready.push(result);
    else waiter.resolve(result);
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    void this.#options.reader.close();
  }

  release(): void {
    this.#isReleased = true;
    this.#ready.length = 0;
    for (const { resolve } of this.#waiting.splice(0)) resolve(END);
    void this.#options.reader.close();
  }
}
