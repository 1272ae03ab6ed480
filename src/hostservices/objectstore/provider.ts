import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  formatBytes,
  HairspringError,
  type HostCall,
  type HostCaller,
  type HostCallResult,
  type HostService,
  type ObjectStoreBinding,
  type PreparedBinding,
} from '../../core/index.ts';
import { Background } from '../shared/background.ts';
import { Handles } from '../shared/handles.ts';
import { isPermissionViolation } from '../shared/provider-failures.ts';
import { Link } from '../shared/provider-link.ts';
import { serverRefusal } from '../shared/server-refusal.ts';
import { checkName, checkOperation, checkPrefix, type ObjectOperation } from './grant.ts';
import { OBJECT_LIMITS } from './limits.ts';
import { toInfo } from './meta.ts';
import { ObjectBucket, type ObjectMeans } from './provider-bucket.ts';
import { deleteObject } from './provider-delete.ts';
import { Download } from './provider-download.ts';
import { findInfo, findObject, putLink } from './provider-links.ts';
import { listObjects } from './provider-list.ts';
import type { Opened } from './provider-opened.ts';
import { Upload } from './provider-upload.ts';
import { Watch } from './provider-watch.ts';
import { parsePutOptions } from './put-options.ts';

/** The object-store host service over the cell's own connection, whose inboxes begin with `inboxPrefix`. */
export function createObjectStoreService(
  nc: NatsConnection,
  inboxPrefix?: string,
): HostService<ObjectStoreBinding> {
  const background = new Background();
  const means: ObjectMeans = {
    nc,
    js: jetstream(nc, { checkAPI: false }),
    inboxPrefix,
    background,
    link: new Link(nc),
  };
  return {
    name: 'objectstore',
    prepare: (label, binding) => new ObjectStoreGrant(label, binding, means),
    settled: () => background.settled(),
  };
}

const NULL: HostCallResult = { value: null };

/** Operations on what is open. */
const GOES_ON: readonly string[] = ['next', 'write', 'finish', 'close'];

/** How messages name what is done to no object by name. */
const UNNAMED: { readonly [Op in ObjectOperation]?: string } = {
  list: 'list objects of',
  watch: 'watch objects of',
  next: 'read on in',
  write: 'write on in',
  finish: 'finish a put in',
  close: 'close a transfer of',
};

/**
 * One object-store binding of one function. What takes more than one call is opened by `open(name, revision, whole)`,
 * `watch(existing)` or `create(name, options)`, which answer with a handle; then come `next(handle)` until it gives
 * null, `write(handle)` with bytes and `finish(handle)`, and `close(handle)` gives up.
 */
class ObjectStoreGrant implements PreparedBinding {
  readonly #label: string;
  readonly #binding: ObjectStoreBinding;
  readonly #bucket: ObjectBucket;
  readonly #handles: Handles<Opened>;

  constructor(label: string, binding: ObjectStoreBinding, means: ObjectMeans) {
    this.#label = label;
    this.#binding = binding;
    this.#bucket = new ObjectBucket(binding.bucket, means);
    this.#handles = new Handles({
      what: 'a transfer, list or watch',
      label,
      perInvocation: OBJECT_LIMITS.openPerInvocation,
      perFunction: OBJECT_LIMITS.openPerFunction,
    });
  }

  async call({ op: given, args, payload }: HostCall, caller: HostCaller): Promise<HostCallResult> {
    const op = checkOperation(this.#label, this.#binding, given);
    const [first] = args;
    try {
      switch (op) {
        case 'list':
          return await this.#list(checkPrefix(first), caller);
        case 'watch':
          return await this.#open(caller, () => Watch.open(this.#bucket, first === 1));
        case 'next':
          return await this.#next(first);
        case 'write':
          await this.#upload(first).write(toBytes(payload));
          return NULL;
        case 'finish':
          return await this.#finish(first);
        case 'close':
          return await this.#close(first);
        default:
          return await this.#callNamed(op, checkName(op, first), args.slice(1), payload, caller);
      }
    } catch (error) {
      const what = op in UNNAMED ? UNNAMED[op] : `${op} object ${JSON.stringify(first)} of`;
      throw await this.#explain(error, `${what} "${this.#bucket.name}"`);
    }
  }

  holds({ op, args }: HostCall): boolean {
    return GOES_ON.includes(op) && this.#handles.find(args[0]) !== undefined;
  }

  ended(callerId: number): void {
    this.#handles.ended(callerId);
  }

  async #explain(error: unknown, action: string): Promise<HairspringError> {
    if (!isPermissionViolation(error)) return await this.#bucket.explain(error, action);
    const { access, bucket } = this.#binding;
    const grant = `binding ${this.#label} grants access "${access}" to object store "${bucket}"`;
    return serverRefusal(action, grant, error);
  }

  async #callNamed(
    op: Exclude<ObjectOperation, 'list' | 'watch' | 'next' | 'write' | 'finish' | 'close'>,
    name: string,
    [second, third]: readonly unknown[],
    payload: string | Uint8Array | undefined,
    caller: HostCaller,
  ): Promise<HostCallResult> {
    const bucket = this.#bucket;
    switch (op) {
      case 'info':
        return { value: (await findInfo(bucket, name)) ?? null };
      case 'get':
        return { value: (await findObject(bucket, name)) ?? null };
      case 'open':
        return await this.#open(caller, () => this.#download(name, second, third === 1));
      case 'put':
        return await this.#put(new Upload(bucket, name, parsePutOptions(name, second)), toBytes(payload));
      case 'create': {
        const options = parsePutOptions(name, second);
        return await this.#open(caller, async () => new Upload(bucket, name, options));
      }
      case 'link':
        return { value: await putLink(bucket, name, second, third) };
      case 'delete':
        await deleteObject(bucket, name);
        return NULL;
    }
  }

  async #open(caller: HostCaller, make: () => Promise<Opened>): Promise<HostCallResult> {
    return { value: await this.#handles.open(caller.id, make) };
  }

  /** Counts as open while it goes on: what the server sends at once is in memory. */
  async #list(prefix: string, caller: HostCaller): Promise<HostCallResult> {
    const { value: handle } = await this.#open(caller, async () => ({ release: () => undefined }));
    try {
      return { value: await listObjects(this.#bucket, prefix) };
    } finally {
      this.#handles.close(handle);
    }
  }

  /** The content of what `get` has told of. */
  async #download(name: string, revision: unknown, whole: boolean): Promise<Opened> {
    const found = await this.#bucket.find(name);
    const shown = `object ${JSON.stringify(name)} of "${this.#bucket.name}"`;
    if (found?.meta === undefined || found.revision !== revision || found.meta.options?.link !== undefined)
      throw new HairspringError(
        'HS_OBJECT_CUT',
        `Cannot read ${shown}: it was replaced or deleted since it was got`,
      );
    if (whole && found.meta.size > OBJECT_LIMITS.wholeBytes)
      throw new HairspringError(
        'HS_OBJECT_TOO_LARGE',
        `Cannot read ${shown} as a whole: its ${formatBytes(found.meta.size)} are over the limit of ${formatBytes(OBJECT_LIMITS.wholeBytes)} of bytes(), text() and json()`,
        { hint: 'Read its body, which is a stream' },
      );
    return new Download(this.#bucket, found, found.meta);
  }

  async #put(upload: Upload, bytes: Uint8Array): Promise<HostCallResult> {
    try {
      await upload.write(bytes);
      return { value: toInfo(await upload.finish(), 'the object') };
    } catch (error) {
      await upload.closed();
      throw error;
    }
  }

  async #next(handle: unknown): Promise<HostCallResult> {
    const opened = this.#handles.get(handle);
    if (opened.next === undefined) throw this.#wrongHandle('next');
    let isOver = true;
    try {
      const result = await opened.next();
      isOver = result.value === null;
      return result;
    } finally {
      if (isOver) this.#handles.close(handle);
    }
  }

  #upload(handle: unknown): Upload {
    const opened = this.#handles.get(handle);
    if (opened instanceof Upload) return opened;
    throw this.#wrongHandle('write');
  }

  async #finish(handle: unknown): Promise<HostCallResult> {
    const upload = this.#upload(handle);
    try {
      return { value: toInfo(await upload.finish(), 'the object') };
    } catch (error) {
      await upload.closed();
      throw error;
    } finally {
      this.#handles.close(handle);
    }
  }

  async #close(handle: unknown): Promise<HostCallResult> {
    const opened = this.#handles.find(handle);
    this.#handles.close(handle);
    await opened?.closed?.();
    return NULL;
  }

  #wrongHandle(op: string): HairspringError {
    return new HairspringError(
      'HS_HOST_CALL_INVALID',
      `Cannot ${op} with ${this.#label}: that is not open for it`,
    );
  }
}

function toBytes(payload: string | Uint8Array | undefined): Uint8Array {
  return payload instanceof Uint8Array ? payload : Buffer.from(payload ?? '');
}
