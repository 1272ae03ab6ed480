/** Buckets of other makes than a deployment's, and servers that do not respond. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { createBucket, kvBinding, openBinding } from '../support/kv.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';

let server: TestNats;
let nc: NatsConnection;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
});

after(async () => {
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

test('A bucket without direct gets is read like any other', async () => {
  await createBucket(nc, 'old', { allow_direct: false });
  const old = openBinding(nc, kvBinding('old'));
  assert.equal(await old.call('get', ['a']), null);
  await old.call('put', ['a'], 'value');
  assert.equal(Buffer.from((await old.result('get', ['a'])).data ?? '').toString(), 'value');
  await old.call('delete', ['a']);
  assert.equal(typeof (await old.call('create', ['a'], 'again')), 'number');
});

test('A bucket is looked up once, and read directly where it allows that', async () => {
  await createBucket(nc, 'direct');
  const store = openBinding(nc, kvBinding('direct'));
  const asked: string[] = [];
  const watching = nc.subscribe('$JS.API.>', {
    callback: (_error, message) => {
      asked.push(message.subject);
    },
  });
  await Promise.all([store.call('get', ['a']), store.call('get', ['b'])]);
  await store.call('put', ['a'], 'value');
  await nc.flush();
  await watching.drain();
  assert.equal(asked.filter((subject) => subject.includes('.STREAM.INFO.')).length, 1, asked.join());
  assert.equal(asked.filter((subject) => subject.includes('.DIRECT.GET.')).length, 2, asked.join());
});

test('A bucket that is made after the first call is found by the next', async () => {
  const store = openBinding(nc, kvBinding('tardy'));
  assert.equal((await store.refused('get', ['a'])).code, 'HS_KV_BUCKET_MISSING');
  await createBucket(nc, 'tardy');
  assert.equal(await store.call('get', ['a']), null);
});

test('A bucket that loses its direct gets is unavailable once, and then read without', async () => {
  await createBucket(nc, 'turned');
  const store = openBinding(nc, kvBinding('turned'));
  await store.call('put', ['a'], 'value');
  await store.call('get', ['a']);
  const manager = await jetstreamManager(nc);
  await manager.streams.update('KV_turned', { allow_direct: false });
  assert.equal((await store.refused('get', ['a'])).code, 'HS_KV_UNAVAILABLE');
  assert.equal(Buffer.from((await store.result('get', ['a'])).data ?? '').toString(), 'value');
});

test('A bucket that is deleted while it is in use is missing, and one made anew is found', async () => {
  await createBucket(nc, 'gone');
  const store = openBinding(nc, kvBinding('gone'));
  await store.call('put', ['a'], 'value');
  const manager = await jetstreamManager(nc);
  await manager.streams.delete('KV_gone');
  for (const op of ['get', 'put'])
    assert.equal((await store.refused(op, ['a'], 'v')).code, 'HS_KV_BUCKET_MISSING', op);
  await createBucket(nc, 'gone', { allow_direct: false });
  await store.call('put', ['a'], 'value');
  assert.notEqual(await store.call('get', ['a']), null);
});

test('No responders without a word about the stream is unavailable, not missing', async () => {
  await using plain = await startTestNats();
  const store = await connectTo(plain);
  const manager = await jetstreamManager(store);
  await createBucket(store, 'kept');
  const opened = openBinding(store, kvBinding('kept'));
  await opened.call('put', ['a'], 'value');
  // The stream stays, and listens no longer on the keys: to the client that is as if it had no leader.
  await manager.streams.update('KV_kept', { subjects: ['elsewhere.>'] });
  const error = await opened.refused('put', ['a'], 'v');
  assert.equal(error.code, 'HS_KV_UNAVAILABLE', error.message);
  await store.close();
});
