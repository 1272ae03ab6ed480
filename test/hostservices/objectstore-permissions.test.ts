import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { bindingPermissions } from '../../src/hostservices/permissions.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import {
  countChunks,
  countObjectConsumers,
  createStore,
  type ObjectHandle,
  objectBinding,
  openObjects,
} from '../support/objects.ts';

const ACCESSES = ['read', 'write', 'read-write'] as const;
type Access = (typeof ACCESSES)[number];

let folder: string;
let server: TestNats;
let admin: NatsConnection;
const connections = new Map<Access, NatsConnection>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-objects-'));
  const users = ACCESSES.map((access) => ({
    user: access,
    password: 'p',
    permissions: {
      publish: [...bindingPermissions(objectBinding('mine', { access }), 'default').publish],
      subscribe: [`_INBOX_${access}.>`],
    },
  }));
  const config = { authorization: { users: [{ user: 'admin', password: 'p' }, ...users] } };
  await writeFile(join(folder, 'nats.conf'), JSON.stringify(config));
  server = await startTestNats({ extraArguments: ['-c', join(folder, 'nats.conf')] });
  admin = await connectTo(server, { user: 'admin', pass: 'p' });
  for (const access of ACCESSES)
    connections.set(
      access,
      await connectTo(server, { user: access, pass: 'p', inboxPrefix: `_INBOX_${access}` }),
    );
  await createStore(admin, 'mine');
  await createStore(admin, 'theirs');
  await putAs('theirs', 'o', 'untouched');
});

after(async () => {
  for (const connection of connections.values()) await connection.close();
  await admin?.close();
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function putAs(bucket: string, name: string, value: string | Uint8Array): Promise<void> {
  await openObjects(admin, objectBinding(bucket)).put(name, value);
}

/** The user of a grant of "mine"; the bridge is told that it may do all with `bucket`. */
function unguarded(access: Access, bucket: string): ObjectHandle {
  const connection = connections.get(access);
  assert.ok(connection !== undefined);
  return openObjects(connection, objectBinding(bucket), { inboxPrefix: `_INBOX_${access}` });
}

type Attempt = (store: ObjectHandle, name: string) => Promise<unknown>;

const READS: Readonly<Record<string, Attempt>> = {
  info: (store, name) => store.info('info', name),
  get: (store, name) => store.read(name),
  list: (store) => store.call('list', ['']),
  watch: async (store) => {
    const handle = await store.open('watch', [1]);
    assert.notEqual(await store.call('next', [handle]), null);
    await store.call('close', [handle]);
  },
};

const WRITES: Readonly<Record<string, Attempt>> = {
  put: (store, name) => store.put(name, randomBytes(300_000)),
  pieces: async (store, name) => {
    const handle = await store.open('create', [name, '{}']);
    await store.call('write', [handle], randomBytes(300_000));
    await store.call('finish', [handle]);
  },
  'given up': async (store, name) => {
    const handle = await store.open('create', [name, '{}']);
    await store.call('write', [handle], randomBytes(2_000_000));
    await store.call('close', [handle]);
  },
  link: (store, name) => store.call('link', [`link to ${name}`, name]),
  delete: (store, name) => store.call('delete', [name]),
};

for (const access of ACCESSES) {
  test(`With the permissions of "${access}" all that it grants works, and leaves nothing behind`, async () => {
    await putAs('mine', 'o', randomBytes(300_000));
    const store = unguarded(access, 'mine');
    if (access !== 'write') for (const attempt of Object.values(READS)) await attempt(store, 'o');
    if (access !== 'read') for (const attempt of Object.values(WRITES)) await attempt(store, 'o');
    assert.equal(await countObjectConsumers(admin, 'mine'), 0);
    assert.equal(await countChunks(admin, 'mine'), access === 'read' ? 3 : 0);
  });

  test(`With the permissions of "${access}" nothing of a neighbour's is reached`, async () => {
    const store = unguarded(access, 'theirs');
    for (const [op, attempt] of Object.entries({ ...READS, ...WRITES })) {
      await assert.rejects(attempt(store, 'o'), { code: 'HS_BINDING_DENIED' }, op);
    }
    const kept = openObjects(admin, objectBinding('theirs'));
    assert.equal((await kept.read('o')).toString(), 'untouched');
    assert.equal(await countObjectConsumers(admin, 'theirs'), 0);
    assert.equal(await countChunks(admin, 'theirs'), 1);
  });
}

test('With the permissions of "read" NATS refuses to write, and with those of "write" to read content', async () => {
  await putAs('mine', 'kept', randomBytes(300_000));
  const reader = unguarded('read', 'mine');
  for (const [op, attempt] of Object.entries(WRITES))
    await assert.rejects(attempt(reader, 'kept'), { code: 'HS_BINDING_DENIED' }, op);
  const writer = unguarded('write', 'mine');
  const { revision } = await writer.info('info', 'kept');
  const handle = await writer.open('open', ['kept', revision, 0]);
  assert.equal((await writer.refused('next', [handle])).code, 'HS_BINDING_DENIED');
  for (const op of ['list', 'watch'])
    assert.equal((await writer.refused(op, [op === 'list' ? '' : 0])).code, 'HS_BINDING_DENIED', op);
  assert.equal((await openObjects(admin, objectBinding('mine')).read('kept')).length, 300_000);
});

test('The bridge refuses what the grant does not cover, on a server that refuses nothing', async () => {
  await putAs('mine', 'o', 'x');
  const denied = {
    read: [
      ['put', 'o', '{}'],
      ['create', 'o', '{}'],
      ['link', 'l', 'o'],
      ['delete', 'o'],
    ],
    write: [
      ['get', 'o'],
      ['info', 'o'],
      ['open', 'o', 1, 0],
      ['list', ''],
      ['watch', 0],
    ],
  } as const;
  for (const access of ['read', 'write'] as const) {
    const store = openObjects(admin, objectBinding('mine', { access }));
    for (const [op, ...args] of denied[access]) {
      const error = await store.refused(op, args, 'v');
      assert.equal(error.code, 'HS_BINDING_DENIED', op);
      assert.match(error.message, /binding STORE grants access "(read|write)", and \w+ needs "(read|write)"/);
    }
  }
  assert.equal((await openObjects(admin, objectBinding('mine')).read('o')).toString(), 'x');
});
