/** Buckets of other makes than a deployment's, and servers that do not respond. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { countConsumers, createBucket, kvBinding, openBinding } from '../support/kv.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { startNatsOfFile } from '../support/nats-of-file.ts';

const { nc } = await startNatsOfFile();

test('A bucket without direct gets is read like any other', async () => {
  await createBucket(nc, 'old', { allow_direct: false });
  const old = openBinding(nc, kvBinding('old'));
  assert.equal(await old.call('get', ['a']), null);
  await old.call('put', ['a'], 'value');
  assert.equal(Buffer.from((await old.result('get', ['a'])).data ?? '').toString(), 'value');
  await old.call('delete', ['a']);
  assert.equal(typeof (await old.call('create', ['a'], 'again')), 'number');
});

test('A bucket is read directly, without asking first what it allows', async () => {
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
  assert.deepEqual(asked.toSorted(), [
    '$JS.API.DIRECT.GET.KV_direct.$KV.direct.a',
    '$JS.API.DIRECT.GET.KV_direct.$KV.direct.b',
  ]);
});

test('A bucket that is made after the first call is found by the next', async () => {
  const store = openBinding(nc, kvBinding('tardy'));
  assert.equal((await store.refused('get', ['a'])).code, 'HS_KV_BUCKET_MISSING');
  await createBucket(nc, 'tardy');
  assert.equal(await store.call('get', ['a']), null);
});

test('A bucket that loses its direct gets is read without', async () => {
  await createBucket(nc, 'turned');
  const store = openBinding(nc, kvBinding('turned'));
  await store.call('put', ['a'], 'value');
  await store.call('get', ['a']);
  const manager = await jetstreamManager(nc);
  await manager.streams.update('KV_turned', { allow_direct: false });
  for (let attempt = 0; attempt < 2; attempt += 1)
    assert.equal(Buffer.from((await store.result('get', ['a'])).data ?? '').toString(), 'value');
});

test('A grant of some keys reads a bucket without direct gets too, and nothing beside them', async () => {
  await createBucket(nc, 'partly', { allow_direct: false, history: 3 });
  const all = openBinding(nc, kvBinding('partly'));
  const some = openBinding(nc, kvBinding('partly', { keys: 't.*' }));
  const first = await all.call('put', ['t.a'], '1');
  const other = await all.call('put', ['u.a'], 'theirs');
  await all.call('put', ['t.a'], '2');
  assert.ok(typeof first === 'number' && typeof other === 'number');
  const textOf = async (...args: (string | number)[]): Promise<string | null> => {
    const { value, data } = await some.result('get', args);
    return value === null ? null : Buffer.from(data ?? '').toString();
  };
  assert.equal(await textOf('t.a'), '2');
  assert.equal(await textOf('t.a', first), '1');
  assert.equal(await textOf('t.a', other), null);
  assert.equal(await textOf('t.none'), null);
  assert.equal(await countConsumers(nc, 'partly'), 0);
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
