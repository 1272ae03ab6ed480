import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { HairspringError, type KvBinding } from '../../core/index.ts';
import { isConflict } from '../shared/provider-failures.ts';
import type { KvAccess } from './provider-access.ts';
import { isPut } from './provider-messages.ts';
import type { KvReads } from './provider-reads.ts';
import { checkTtlVersion } from './provider-ttl.ts';

const EMPTY = new Uint8Array(0);

export interface Terms {
  /** The revision that the key must be at; 0: there must be none. */
  readonly revision?: number | undefined;
  readonly ttlMs?: number | undefined;
}

/** What a function changes in its bucket. The headers that tell the server how are named here and nowhere else. */
export class KvWrites {
  readonly #binding: KvBinding;
  readonly #access: KvAccess;
  readonly #reads: KvReads;

  constructor(binding: KvBinding, access: KvAccess, reads: KvReads) {
    this.#binding = binding;
    this.#access = access;
    this.#reads = reads;
  }

  /** @returns the new revision */
  put(key: string, value: string | Uint8Array, terms: Terms): Promise<number> {
    if (terms.ttlMs !== undefined) checkTtlVersion(this.#access.nc, `give key "${key}" a life of its own`);
    const isPlain = terms.ttlMs === undefined && terms.revision === undefined;
    return this.#publish(key, value, isPlain ? undefined : termHeaders(terms));
  }

  /** Stores where no value is. What was deleted is found by reading, which takes access to that. */
  async create(key: string, value: string | Uint8Array, { ttlMs }: Terms): Promise<number> {
    try {
      return await this.put(key, value, { ttlMs, revision: 0 });
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (this.#binding.access === 'write') throw this.#takenOrDeleted(key, error);
      const last = await this.#reads.last(key);
      if (last === null || isPut(last)) throw error;
      return this.put(key, value, { ttlMs, revision: last.revision });
    }
  }

  /** Leaves a marker; a purge takes the key's history away with it. */
  async remove(key: string, op: 'delete' | 'purge', terms: Terms): Promise<null> {
    const marker = termHeaders(terms);
    marker.set('KV-Operation', op === 'delete' ? 'DEL' : 'PURGE');
    if (op === 'purge') marker.set('Nats-Rollup', 'sub');
    await this.#publish(key, EMPTY, marker);
    return null;
  }

  async #publish(key: string, value: string | Uint8Array, terms: MsgHdrs | undefined): Promise<number> {
    const { js, link } = this.#access;
    const subject = `$KV.${this.#binding.bucket}.${key}`;
    const options = terms === undefined ? {} : { headers: terms };
    const { seq } = await link.ask(() => js.publish(subject, value, options));
    return seq;
  }

  #takenOrDeleted(key: string, cause: unknown): HairspringError {
    const { bucket } = this.#binding;
    return new HairspringError(
      'HS_KV_REVISION_CONFLICT',
      `Cannot create key "${key}" in bucket "${bucket}": it has been there before, and access "write" does not show whether it was deleted`,
      { cause },
    );
  }
}

function termHeaders({ revision, ttlMs }: Terms): MsgHdrs {
  const found = headers();
  if (revision !== undefined) found.set('Nats-Expected-Last-Subject-Sequence', `${revision}`);
  // The server counts in whole seconds.
  if (ttlMs !== undefined) found.set('Nats-TTL', `${Math.ceil(ttlMs / 1_000)}s`);
  return found;
}
