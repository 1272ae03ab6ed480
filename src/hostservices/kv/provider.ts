import { jetstream } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
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
import { DirectGets } from './provider-direct-gets.ts';
import { isNoResponders, toKvError } from './provider-errors.ts';
import { isPut, readLastMessages } from './provider-last-messages.ts';

/** Status of a direct get: there is no message on the subject. */
const NOT_FOUND = 404;

/** The KV host service over the cell's own connection, whose inboxes begin with `inboxPrefix`. */
export function createKvService(nc: NatsConnection, inboxPrefix?: string): HostService<KvBinding> {
  const js = jetstream(nc, { checkAPI: false });
  const means: Means = { buckets: new KvBuckets(js), directGets: new DirectGets(nc, inboxPrefix) };
  return { name: 'kv', prepare: (label, binding) => new KvGrant(label, binding, means) };
}

interface Means {
  readonly buckets: KvBuckets;
  readonly directGets: DirectGets;
}

class KvGrant implements PreparedBinding {
  readonly #label: string;
  readonly #binding: KvBinding;
  readonly #buckets: KvBuckets;
  readonly #directGets: DirectGets;

  constructor(label: string, binding: KvBinding, { buckets, directGets }: Means) {
    this.#label = label;
    this.#binding = binding;
    this.#buckets = buckets;
    this.#directGets = directGets;
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
    const { kv, isDirect } = await this.#buckets.open(this.#binding.bucket);
    switch (op) {
      case 'get':
        return (isDirect ? await this.#getDirectly(key) : undefined) ?? (await getEntry(kv, key));
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

  /** @returns undefined when the answer is none that is known here */
  async #getDirectly(key: string): Promise<HostCallResult | undefined> {
    const { bucket } = this.#binding;
    const { headers, data } = await this.#directGets.get(`KV_${bucket}`, `$KV.${bucket}.${key}`);
    if (headers === undefined) return undefined;
    if (headers.code === NOT_FOUND) return { value: null };
    if (headers.code !== 0) return undefined;
    if (!isPut({ headers })) return { value: null };
    const revision = Number(headers.get('Nats-Sequence'));
    return { value: [revision, Date.parse(headers.get('Nats-Time-Stamp'))], data };
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

async function getEntry(kv: KV, key: string): Promise<HostCallResult> {
  const entry = await kv.get(key);
  if (entry === null || entry.operation !== 'PUT') return { value: null };
  return { value: [entry.revision, entry.created.getTime()], data: entry.value };
}

function checkCount(count: number): void {
  if (count <= HOST_LIMITS.kvKeys) return;
  const message = `Cannot list ${count} keys: one call lists at most ${HOST_LIMITS.kvKeys}; give a longer prefix`;
  throw new HairspringError('HS_HOST_CALL_LIMIT', message);
}
