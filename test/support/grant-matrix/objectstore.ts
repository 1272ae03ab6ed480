import { randomBytes } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import type { KvAccess, ObjectStoreBinding } from '../../../src/core/index.ts';
import { OBJECT_OPERATIONS, type ObjectOperation } from '../../../src/hostservices/objectstore/grant.ts';
import { createStore, objectBinding, openObjects } from '../objects.ts';
import type { Call, Cell, MatrixPart } from './matrix.ts';

const ACCESSES: readonly KvAccess[] = ['read', 'write', 'read-write'];
const TARGETS = [
  { bucket: 'mine', name: 'an object of its own' },
  { bucket: 'theirs', name: 'an object of another bucket' },
] as const;
/** More than one chunk. */
const CONTENT = randomBytes(300_000);

type Attempt = (call: Call, name: string) => Promise<unknown>;

async function openUpload(call: Call, name: string): Promise<number> {
  return Number((await call('create', [name, '{}'])).value);
}

async function openWatch(call: Call): Promise<number> {
  return Number((await call('watch', [1])).value);
}

/** To the first chunk of what it is about. */
async function read(call: Call, name: string): Promise<unknown> {
  const { value } = await call('get', [name]);
  const { revision } = value as { readonly revision: number };
  const { value: handle } = await call('open', [name, revision, 0]);
  return await call('next', [Number(handle)]);
}

async function upload(call: Call, name: string): Promise<unknown> {
  const handle = await openUpload(call, name);
  await call('write', [handle], CONTENT);
  return await call('finish', [handle]);
}

/** A new operation has to have a line here. What is opened by one call is refused by NATS at the next. */
const ATTEMPTS: Readonly<
  Record<ObjectOperation, { readonly needs: 'read' | 'write'; readonly run: Attempt }>
> = {
  info: { needs: 'read', run: (call, name) => call('info', [name]) },
  get: { needs: 'read', run: read },
  open: { needs: 'read', run: read },
  list: { needs: 'read', run: (call) => call('list', ['']) },
  watch: { needs: 'read', run: openWatch },
  next: { needs: 'read', run: async (call) => call('next', [await openWatch(call)]) },
  close: { needs: 'read', run: async (call) => call('close', [await openWatch(call)]) },
  put: { needs: 'write', run: (call, name) => call('put', [name, '{}'], CONTENT) },
  create: {
    needs: 'write',
    run: async (call, name) => call('finish', [await openUpload(call, name)]),
  },
  write: { needs: 'write', run: upload },
  finish: { needs: 'write', run: upload },
  link: { needs: 'write', run: (call, name) => call('link', [`link to ${name}`, name]) },
  delete: { needs: 'write', run: (call, name) => call('delete', [name]) },
};

const GRANTS = Object.fromEntries(
  ACCESSES.map((access) => [`objects-${access}`, objectBinding('mine', { access })]),
);

let made = 0;

function cellOf(
  all: NatsConnection,
  [user, binding]: readonly [string, ObjectStoreBinding],
  op: ObjectOperation,
  target: (typeof TARGETS)[number],
): Cell {
  made += 1;
  const name = `object ${made}`;
  const { needs, run } = ATTEMPTS[op];
  const isOwn = target.bucket === binding.bucket;
  const hasAccess = binding.access === 'read-write' || binding.access === needs;
  const store = () => openObjects(all, objectBinding(target.bucket));
  let revision = 0;
  return {
    op,
    user,
    target: target.name,
    isGranted: hasAccess && isOwn,
    // Who replaces an object has to find the chunks of the old one.
    ...(op === 'info' && binding.access === 'write' && isOwn ? { nats: 'lets it through' as const } : {}),
    bridge: isOwn ? binding : undefined,
    wide: objectBinding(target.bucket),
    async seed() {
      ({ revision } = await store().put(name, 'old'));
    },
    attempt: (call) => run(call, name),
    isTouched() {
      if (needs === 'read') return undefined;
      const told = op === 'link' ? `link to ${name}` : name;
      return store()
        .call('info', [told])
        .then((info) =>
          op === 'link' ? info !== null : (info as { revision?: number } | null)?.revision !== revision,
        );
    },
  };
}

export const objectStoreMatrix: MatrixPart = {
  operations: Object.keys(OBJECT_OPERATIONS),
  grants: GRANTS,
  textsOf: (binding) => (binding.service === 'objectstore' ? [`access "${binding.access}"`] : []),
  async prepare(all) {
    for (const bucket of ['mine', 'theirs']) await createStore(all, bucket);
  },
  cells: (all) =>
    Object.entries(GRANTS).flatMap((grant) =>
      (Object.keys(ATTEMPTS) as ObjectOperation[]).flatMap((op) =>
        TARGETS.map((target) => cellOf(all, grant, op, target)),
      ),
    ),
};
