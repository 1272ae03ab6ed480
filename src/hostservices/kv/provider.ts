import type { NatsConnection } from '@nats-io/transport-node';
import {
  HairspringError,
  HOST_LIMITS,
  type HostCall,
  type HostCaller,
  type HostCallResult,
  type HostService,
  type KvBinding,
  LIMIT_RANGES,
  type PreparedBinding,
} from '../../core/index.ts';
import { Handles } from '../shared/handles.ts';
import { isPermissionViolation } from '../shared/provider-failures.ts';
import { serverRefusal } from '../shared/server-refusal.ts';
import { toOptionalRevision, toRevision, toTtl, toWatchBeginning } from './arguments.ts';
import { checkKey, checkOperation, type KvOperation, keysFilter, watchFilter } from './grant.ts';
import { KV_LIMITS } from './limits.ts';
import { KvAccess } from './provider-access.ts';
import { listKeys } from './provider-keys.ts';
import { KvReads } from './provider-reads.ts';
import { Watch } from './provider-watch.ts';
import { KvWrites } from './provider-writes.ts';

/** The longest that an invocation may go on; after that the server removes the watches of a lost cell. */
const WATCH_IDLE_MS = LIMIT_RANGES.timeoutMs.max + HOST_LIMITS.tailMs;

/** The KV host service over the cell's own connection, whose inboxes begin with `inboxPrefix`. */
export function createKvService(nc: NatsConnection, inboxPrefix?: string): HostService<KvBinding> {
  const access = new KvAccess(nc, inboxPrefix);
  return {
    name: 'kv',
    prepare: (label, binding) => new KvGrant(label, binding, access),
    settled: () => access.background.settled(),
  };
}

type Arguments = HostCall['args'];
type KeyOperation = Exclude<KvOperation, 'keys' | 'watch' | 'next' | 'close'>;

class KvGrant implements PreparedBinding {
  readonly #label: string;
  readonly #binding: KvBinding;
  readonly #access: KvAccess;
  readonly #reads: KvReads;
  readonly #writes: KvWrites;
  readonly #watches: Handles<Watch>;

  constructor(label: string, binding: KvBinding, access: KvAccess) {
    this.#label = label;
    this.#binding = binding;
    this.#access = access;
    this.#reads = new KvReads(binding, access);
    this.#writes = new KvWrites(binding, access, this.#reads);
    this.#watches = new Handles({
      what: 'a watch',
      label,
      perInvocation: KV_LIMITS.watchesPerInvocation,
      perFunction: KV_LIMITS.watchesPerFunction,
    });
  }

  async call({ op: given, args, payload = '' }: HostCall, caller: HostCaller): Promise<HostCallResult> {
    const op = checkOperation(this.#label, this.#binding, given);
    switch (op) {
      case 'keys':
        return this.#keys(args[0]);
      case 'watch':
        return this.#watch(args, caller.id);
      case 'next':
        return this.#next(args[0]);
      case 'close':
        this.#watches.close(args[0]);
        return { value: null };
      default:
        return this.#onKey(op, args, payload);
    }
  }

  holds({ op, args }: HostCall): boolean {
    return (op === 'next' || op === 'close') && this.#watches.find(args[0]) !== undefined;
  }

  ended(callerId: number): void {
    this.#watches.ended(callerId);
  }

  async #onKey(
    op: KeyOperation,
    [first, ...terms]: Arguments,
    payload: string | Uint8Array,
  ): Promise<HostCallResult> {
    const key = checkKey(this.#label, this.#binding, op, first);
    try {
      this.#access.link.check();
      return await this.#perform(op, key, terms, payload);
    } catch (error) {
      const told = await this.#explain(error, `${op} key "${key}" in bucket "${this.#binding.bucket}"`);
      const isFull = told.code === 'HS_KV_BUCKET_FULL' && (op === 'delete' || op === 'purge');
      throw isFull ? withoutRoomForMarker(told, this.#binding.bucket, key) : told;
    }
  }

  #perform(
    op: KeyOperation,
    key: string,
    [first, second]: Arguments,
    payload: string | Uint8Array,
  ): Promise<HostCallResult> {
    const label = this.#label;
    switch (op) {
      case 'get':
        return this.#reads.get(key, toOptionalRevision(label, op, first));
      case 'history':
        return this.#reads.history(key);
      case 'put':
        return asValue(this.#writes.put(key, payload, { ttlMs: toTtl(label, op, first) }));
      case 'create':
        return asValue(this.#writes.create(key, payload, { ttlMs: toTtl(label, op, first) }));
      case 'update': {
        const terms = { revision: toRevision(label, op, first), ttlMs: toTtl(label, op, second) };
        return asValue(this.#writes.put(key, payload, terms));
      }
      case 'delete':
      case 'purge':
        return asValue(this.#writes.remove(key, op, { revision: toOptionalRevision(label, op, first) }));
    }
  }

  async #keys(asked: unknown): Promise<HostCallResult> {
    const { prefix, filter } = keysFilter(this.#label, this.#binding, asked);
    try {
      this.#access.link.check();
      return await listKeys(this.#access, this.#binding, prefix, filter);
    } catch (error) {
      throw await this.#explain(error, `list keys of bucket "${this.#binding.bucket}"`);
    }
  }

  async #watch([include, ignoresDeletes, asked]: Arguments, callerId: number): Promise<HostCallResult> {
    const { bucket } = this.#binding;
    const filter = watchFilter(this.#label, this.#binding, asked);
    const from = toWatchBeginning(this.#label, include);
    const action = `watch "${filter}" in bucket "${bucket}"`;
    const options = { stream: `KV_${bucket}`, filterSubject: `$KV.${bucket}.${filter}`, from };
    const open = async (): Promise<Watch> =>
      new Watch({
        reader: await this.#access.openReader({ ...options, idleMs: WATCH_IDLE_MS }),
        bucket,
        ignoresDeletes: ignoresDeletes === 1,
        explain: (error) => this.#explain(error, action),
      });
    try {
      this.#access.link.check();
      return { value: await this.#watches.open(callerId, open) };
    } catch (error) {
      throw await this.#explain(error, action);
    }
  }

  /** One that has failed makes room for another. */
  async #next(handle: unknown): Promise<HostCallResult> {
    const watch = this.#watches.get(handle);
    try {
      return await watch.next();
    } catch (error) {
      this.#watches.close(handle);
      throw error;
    }
  }

  async #explain(error: unknown, action: string): Promise<HairspringError> {
    if (!isPermissionViolation(error)) return this.#access.explain(error, action, this.#binding);
    const { access, keys } = this.#binding;
    const grant = `binding ${this.#label} grants access "${access}" to keys "${keys}"`;
    return serverRefusal(action, grant, error);
  }
}

/** To delete is to store a marker, and so is to purge. */
function withoutRoomForMarker(error: HairspringError, bucket: string, key: string): HairspringError {
  const hint = `A deletion is stored too. Make room from outside: nats stream edit KV_${bucket} --max-bytes=MORE, or nats stream purge KV_${bucket} --subject='$KV.${bucket}.${key}'`;
  return new HairspringError(error.code, error.message, { cause: error, hint });
}

async function asValue(done: Promise<number | null>): Promise<HostCallResult> {
  return { value: await done };
}
