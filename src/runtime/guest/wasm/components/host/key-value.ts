/** wasi:keyvalue on KV bindings: a store's identifier is the name of a binding. */
import type { Variant } from '../codec.ts';
import { describeError, failed, type HostState, type HostTable, NONE, ok, some } from './state.ts';

/** Cases of `wasi:keyvalue/store.error`. */
const NO_SUCH_STORE: Variant = { tag: 0, value: undefined };
const ACCESS_DENIED: Variant = { tag: 1, value: undefined };
/** Attempts to increment a number that others change meanwhile. */
const MAX_ATTEMPTS = 16;
const NUMBER = /^-?\d{1,19}$/;

class Bucket {
  readonly label: string;

  constructor(label: string) {
    this.label = label;
  }
}

interface Entry {
  readonly revision: number;
  readonly value: Uint8Array;
}

function other(text: string): Variant {
  return failed({ tag: 2, value: text });
}

function toError(error: unknown): Variant {
  const { code } = error as { readonly code?: string };
  return code === 'HS_BINDING_DENIED' ? failed(ACCESS_DENIED) : other(describeError(error));
}

function call(
  { wait }: HostState,
  { label }: Bucket,
  op: string,
  args: (string | number)[],
  value?: Uint8Array,
): Promise<unknown> {
  return wait(() => runtime.callHost(label, op, args, value, (answer) => answer));
}

function read({ wait }: HostState, { label }: Bucket, key: string): Promise<Entry | undefined> {
  return wait(() =>
    runtime.callHost(label, 'get', [key], undefined, (found, payload) =>
      found === null
        ? undefined
        : { revision: (found as [number, number])[0], value: runtime.payloadBytes(payload) },
    ),
  );
}

/** What `work` resolves with; what the service refuses is a result that the component reads. */
async function attempt(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof runtime.HostError) return toError(error);
    throw error;
  }
}

const STORE = 'wasi:keyvalue/store#';
const BUCKET = `${STORE}[method]bucket.`;

export const KEY_VALUE: HostTable = {
  [`${STORE}open`]: ({ bindings }, [label]: readonly [string]) =>
    Object.hasOwn(bindings, label) && bindings[label] === 'kv'
      ? ok(new Bucket(label))
      : failed(NO_SUCH_STORE),
  [`${BUCKET}get`]: (state, [bucket, key]: readonly [Bucket, string]) =>
    attempt(async () => {
      const entry = await read(state, bucket, key);
      return entry === undefined ? NONE : some(entry.value);
    }),
  [`${BUCKET}set`]: (state, [bucket, key, value]: readonly [Bucket, string, Uint8Array]) =>
    attempt(() => call(state, bucket, 'put', [key], value)),
  [`${BUCKET}delete`]: (state, [bucket, key]: readonly [Bucket, string]) =>
    attempt(() => call(state, bucket, 'delete', [key])),
  [`${BUCKET}exists`]: (state, [bucket, key]: readonly [Bucket, string]) =>
    attempt(async () => (await read(state, bucket, key)) !== undefined),
  // All keys come at once, so there is no cursor to go on from.
  [`${BUCKET}list-keys`]: (state, [bucket]: readonly [Bucket]) =>
    attempt(async () => [await call(state, bucket, 'keys', ['']), NONE]),
  'wasi:keyvalue/atomics#increment': (state, [bucket, key, delta]: readonly [Bucket, string, bigint]) =>
    increment(state, bucket, key, delta),
};

function fits(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** The number is written in decimal digits, so that others can read it. */
async function increment(state: HostState, bucket: Bucket, key: string, delta: bigint): Promise<unknown> {
  for (let left = MAX_ATTEMPTS; left > 0; left -= 1) {
    try {
      const entry = await read(state, bucket, key);
      const text = entry === undefined ? '0' : runtime.decodeUtf8(entry.value, false);
      if (!NUMBER.test(text) || !fits(BigInt(text)))
        return other(`"${key}" has no number of 64 bits to increment`);
      const sum = BigInt(text) + delta;
      if (!fits(sum))
        return other(`"${key}" holds ${text}, and with ${delta} added it does not fit into 64 bits`);
      const value = runtime.encodeUtf8(`${sum}`);
      if (entry === undefined) await call(state, bucket, 'create', [key], value);
      else await call(state, bucket, 'update', [key, entry.revision], value);
      return ok(sum);
    } catch (error) {
      if (!(error instanceof runtime.HostError)) throw error;
      const { code } = error as Error & { readonly code: string };
      if (code !== 'HS_KV_REVISION_CONFLICT') return toError(error);
    }
  }
  return other(`"${key}" was changed by others ${MAX_ATTEMPTS} times`);
}
