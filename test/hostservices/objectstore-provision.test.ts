import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { ERROR_CODES, type ObjectStoreBinding } from '../../src/core/index.ts';
import { OBJECT_LIMITS } from '../../src/hostservices/objectstore/limits.ts';
import { provisionBinding } from '../../src/hostservices/provision.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { createStore, objectBinding, openObjects, streamInfo } from '../support/objects.ts';

const server = await startTestNats();
const nc = await connectTo(server);
after(async () => {
  await nc.close();
  await server[Symbol.asyncDispose]();
});

function provision(bucket: string, grant: Partial<ObjectStoreBinding> = {}): Promise<void> {
  return provisionBinding(nc, 'STORE', objectBinding(bucket, { existing: false, ...grant }));
}

test('A bucket that is missing is created as the binding says, and works', async () => {
  await provision('made', {
    create: {
      description: 'photos',
      maxBytes: 5_000_000,
      ttlMs: 3_600_000,
      storage: 'memory',
      replicas: 1,
    },
  });
  const { config } = await streamInfo(nc, 'made');
  const { description, max_bytes, max_age, storage, num_replicas, allow_direct } = config;
  assert.deepEqual(
    [description, max_bytes, max_age, storage, num_replicas, allow_direct],
    ['photos', 5_000_000, 3_600_000_000_000, 'memory', 1, true],
  );
  const store = openObjects(nc, objectBinding('made'));
  await store.put('o', 'x');
  assert.equal((await store.read('o')).toString(), 'x');
});

test('Without options a bucket is on disk, and as large as it may become', async () => {
  await provision('plain');
  const { config } = await streamInfo(nc, 'plain');
  assert.deepEqual(
    [config.storage, config.max_bytes, config.max_age, config.description],
    ['file', -1, 0, undefined],
  );
});

test('A bucket that is there is left as it is, with all that is in it', async () => {
  await createStore(nc, 'there', { description: 'mine' });
  await openObjects(nc, objectBinding('there')).put('o', 'x');
  await provision('there', { create: { description: 'other', maxBytes: 10, storage: 'file', replicas: 1 } });
  await provision('there', { existing: true });
  const { config } = await streamInfo(nc, 'there');
  assert.deepEqual([config.description, config.max_bytes], ['mine', -1]);
  assert.equal((await openObjects(nc, objectBinding('there')).read('o')).toString(), 'x');
});

test('Many deployments at once create one bucket', async () => {
  await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      provision('raced', { create: { description: `by ${index}`, storage: 'file', replicas: 1 } }),
    ),
  );
  assert.match((await streamInfo(nc, 'raced')).config.description ?? '', /^by \d$/);
});

test('A bucket that has to exist and does not is told as missing, and is not created', async () => {
  await assert.rejects(provision('absent', { existing: true }), { code: 'HS_OBJECT_BUCKET_MISSING' });
  await assert.rejects(streamInfo(nc, 'absent'), /stream not found/);
});

test('A stream of that name that is no bucket, or not as it has to be, is refused', async () => {
  const manager = await jetstreamManager(nc);
  await manager.streams.add({ name: 'OBJ_other', subjects: ['something.else'] });
  const subjects = (bucket: string): string[] => [`$O.${bucket}.C.>`, `$O.${bucket}.M.>`];
  await manager.streams.add({
    name: 'OBJ_closed',
    subjects: subjects('closed'),
    allow_rollup_hdrs: true,
    allow_direct: false,
  });
  await manager.streams.add({ name: 'OBJ_firm', subjects: subjects('firm'), allow_direct: true });
  const reasons = { other: /holds no objects/, closed: /direct gets/, firm: /allow_rollup_hdrs/ };
  for (const [bucket, message] of Object.entries(reasons)) {
    for (const existing of [true, false])
      await assert.rejects(
        provision(bucket, { existing }),
        { code: 'HS_OBJECT_BUCKET_UNUSABLE', message },
        bucket,
      );
  }
  const refused = await openObjects(nc, objectBinding('closed')).refused('get', ['o']);
  assert.equal(refused.code, 'HS_OBJECT_UNAVAILABLE');
  assert.match(refused.message, /does not allow direct gets/);
});

test('A bucket that takes no message as large as a chunk is refused to who would put, and named when it was made so later', async () => {
  const manager = await jetstreamManager(nc);
  const { chunkBytes } = OBJECT_LIMITS;
  await createStore(nc, 'narrow');
  await provision('narrow');
  const store = openObjects(nc, objectBinding('narrow'));
  const object = Buffer.alloc(chunkBytes, 'x');
  await store.put('o', object);
  await manager.streams.update('OBJ_narrow', { max_msg_size: chunkBytes });
  await provision('narrow');
  await store.put('o', object);
  await manager.streams.update('OBJ_narrow', { max_msg_size: 200 });
  const told = { code: 'HS_OBJECT_BUCKET_UNUSABLE', message: /max_msg_size/ };
  for (const access of ['write', 'read-write'] as const)
    await assert.rejects(provision('narrow', { access }), told, access);
  await provision('narrow', { access: 'read' });
  for (const [op, args] of [
    ['put', ['o', '{}']],
    ['delete', ['o']],
  ] as const) {
    const { code, message } = await store.refused(op, [...args], object);
    assert.equal(code, told.code, `${op}: ${message}`);
    assert.match(message, told.message);
  }
  assert.ok((await store.read('o')).equals(object));
});

test('More replicas than there are servers is told', async () => {
  await assert.rejects(provision('replicated', { create: { storage: 'file', replicas: 3 } }), {
    code: 'HS_OBJECT_UNAVAILABLE',
    message: /replicas/,
  });
});

test('What is full may have room later, be it a bucket of keys, one of objects or a stream', () => {
  for (const code of ['HS_KV_BUCKET_FULL', 'HS_OBJECT_BUCKET_FULL', 'HS_PUBLISH_STREAM_FULL'] as const)
    assert.equal(ERROR_CODES[code].retryable, true, code);
});
