import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { KvAccess, KvBinding } from '../../../src/core/index.ts';
import { KV_OPERATIONS, type KvOperation } from '../../../src/hostservices/kv/grant.ts';
import { createBucket, kvBinding } from '../kv.ts';
import type { Call, Cell, MatrixPart } from './matrix.ts';

const ACCESSES: readonly KvAccess[] = ['read', 'write', 'read-write'];
const TARGETS = [
  { stem: 't', bucket: 'mine', name: 'a key of its own' },
  { stem: 'u', bucket: 'mine', name: "a neighbour's key" },
  { stem: 't', bucket: 'theirs', name: 'a key of another bucket' },
] as const;

type Attempt = (call: Call, key: string, revision: number) => Promise<unknown>;

async function openWatch(call: Call, key: string): Promise<number> {
  return Number((await call('watch', ['', 0, key])).value);
}

/** A new operation has to have a line here. */
const ATTEMPTS: Readonly<Record<KvOperation, Attempt>> = {
  get: (call, key) => call('get', [key]),
  history: (call, key) => call('history', [key]),
  keys: (call, key) => call('keys', [`${key.split('.')[0]}.`]),
  watch: openWatch,
  next: async (call, key) => call('next', [await openWatch(call, key)]),
  close: async (call, key) => call('close', [await openWatch(call, key)]),
  put: (call, key) => call('put', [key], 'new'),
  create: (call, key) => call('create', [key], 'new'),
  update: (call, key, revision) => call('update', [key, revision], 'new'),
  delete: (call, key) => call('delete', [key]),
  purge: (call, key) => call('purge', [key]),
};

const GRANTS = Object.fromEntries(
  ACCESSES.map((access) => [`kv-${access}`, kvBinding('mine', { access, keys: 't.>' })]),
);

let made = 0;

function cellOf(
  all: NatsConnection,
  [user, binding]: readonly [string, KvBinding],
  op: KvOperation,
  { stem, bucket, name }: (typeof TARGETS)[number],
): Cell {
  made += 1;
  const key = `${stem}.${made}`;
  const needed = KV_OPERATIONS[op];
  const hasAccess = binding.access === 'read-write' || binding.access === needed;
  const open = () => new Kvm(all).open(bucket);
  const found = async () => (await (await open()).get(key))?.string();
  let revision = 0;
  return {
    op,
    user,
    target: name,
    isGranted: hasAccess && stem === 't' && bucket === binding.bucket,
    bridge: bucket === binding.bucket ? binding : undefined,
    wide: kvBinding(bucket),
    async seed() {
      if (op !== 'create') revision = await (await open()).put(key, 'old');
      else if (binding.access !== 'write') {
        await (await open()).put(key, 'old');
        await (await open()).delete(key);
      }
    },
    attempt: (call) => ATTEMPTS[op](call, key, revision),
    isTouched() {
      if (needed === 'read') return undefined;
      return found().then((value) => (op === 'create' ? value === 'new' : value !== 'old'));
    },
  };
}

export const kvMatrix: MatrixPart = {
  operations: Object.keys(KV_OPERATIONS),
  grants: GRANTS,
  textsOf: (binding) =>
    binding.service === 'kv' ? [`access "${binding.access}"`, `keys "${binding.keys}"`] : [],
  async prepare(all) {
    for (const bucket of ['mine', 'theirs']) await createBucket(all, bucket, { history: 4 });
  },
  cells: (all) =>
    Object.entries(GRANTS).flatMap((grant) =>
      (Object.keys(ATTEMPTS) as KvOperation[]).flatMap((op) =>
        TARGETS.map((target) => cellOf(all, grant, op, target)),
      ),
    ),
};
