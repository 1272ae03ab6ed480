import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  HairspringError,
  HOST_LIMITS,
  type HostCall,
  type HostCallResult,
  type HostService,
  type KvBinding,
  type PreparedBinding,
} from '../../core/index.ts';
import { checkAccess, checkKey, isKvOperation, type KvOperation, keysFilter } from './grant.ts';
import { KvBuckets } from './provider-buckets.ts';
import { isNoResponders, toKvError } from './provider-errors.ts';
import { isPut, readLastMessages } from './provider-last-messages.ts';

/** The KV host service over the cell's own connection. */
export function createKvService(nc: NatsConnection): HostService<KvBinding> {
  const js = jetstream(nc, { checkAPI: false });
  const buckets = new KvBuckets(js);
  return { name: 'kv', prepare: (label, binding) => new KvGrant(label, binding, buckets) };
}

class KvGrant implements PreparedBinding {
  readonly #label: string;
  readonly #binding: KvBinding;
  readonly #buckets: KvBuckets;

  constructor(label: string, binding: KvBinding, buckets: KvBuckets) {
    this.#label = label;
    this.#binding = binding;
    this.#buckets = buckets;
  }

  async call({ op, args, payload }: HostCall): Promise<HostCallResult> {
    if (!isKvOperation(op)) {
      throw new HairspringError(
        'HS_HOST_CALL_INVALID',
        `Cannot call ${this.#label}.${op}: a KV bucket has no such operation`,
      );
    }
    checkAccess(this.#label, this.#binding, op);
    if (op === 'keys') return this.#keys(args[0]);
    const key = checkKey(this.#label, this.#binding, op, args[0]);
    const { bucket } = this.#binding;
    try {
      return await this.#perform(op, key, args.slice(1), payload ?? '');
    } catch (error) {
      const cause = isNoResponders(error) ? await this.#buckets.explain(bucket, error) : error;
      throw toKvError(cause, `${op} key "${key}" in bucket "${bucket}"`, bucket);
    }
  }

  async #perform(
    op: Exclude<KvOperation, 'keys'>,
    key: string,
    [revision]: readonly unknown[],
    payload: string | Uint8Array,
  ): Promise<HostCallResult> {
    const kv = await this.#buckets.open(this.#binding.bucket);
    switch (op) {
      case 'get': {
        const entry = await kv.get(key);
        if (entry === null || entry.operation !== 'PUT') return { value: null };
        return { value: [entry.revision, entry.created.getTime()], data: entry.value };
      }
      case 'put':
        return { value: await kv.put(key, payload) };
      case 'create':
        return { value: await kv.create(key, payload) };
      case 'update':
        return { value: await kv.update(key, payload, this.#revision(op, revision)) };
      case 'delete':
        // A revision that is no number comes as null, and must not count as none.
        await kv.delete(key, revision === undefined ? {} : { previousSeq: this.#revision(op, revision) });
        return { value: null };
    }
  }

  #revision(op: string, revision: unknown): number {
    if (revision === 0) {
      throw new HairspringError(
        'HS_KV_REVISION_CONFLICT',
        `Cannot ${op} in ${this.#label}: no entry has revision 0; use create for a key that is not there`,
      );
    }
    if (typeof revision === 'number' && Number.isSafeInteger(revision) && revision > 0) return revision;
    throw new HairspringError(
      'HS_HOST_CALL_INVALID',
      `Cannot ${op} in ${this.#label}: the revision is not a whole number`,
    );
  }

  /** Lists by an own ephemeral consumer, because the library's leaves one behind for five minutes. */
  async #keys(prefix: unknown): Promise<HostCallResult> {
    const { bucket } = this.#binding;
    const wanted = keysFilter(this.#label, this.#binding, prefix);
    const offset = `$KV.${bucket}.`.length;
    try {
      const messages = await readLastMessages(await this.#buckets.manager(), `KV_${bucket}`, {
        filterSubject: `$KV.${bucket}.${wanted.filter}`,
        headersOnly: true,
        onCount: checkCount,
      });
      const keys = messages
        .filter(isPut)
        .map(({ subject }) => subject.slice(offset))
        .filter((key) => key.startsWith(wanted.prefix));
      return { value: keys.sort() };
    } catch (error) {
      throw toKvError(error, `list keys of bucket "${bucket}"`, bucket);
    }
  }
}

function checkCount(count: number): void {
  if (count <= HOST_LIMITS.kvKeys) return;
  const message = `Cannot list ${count} keys: one call lists at most ${HOST_LIMITS.kvKeys}; give a longer prefix`;
  throw new HairspringError('HS_HOST_CALL_LIMIT', message);
}
