/** Gets that share one subscription: each finds its own answer, and each failure its own callers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jetstream } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { DirectGets } from '../../src/hostservices/kv/provider-direct-gets.ts';
import { startGuardedNats } from '../control/support/guarded-nats.ts';
import { createBucket, kvBinding, openBinding } from '../support/kv.ts';
import { connectTo } from '../support/nats.ts';
import { startNatsOfFile } from '../support/nats-of-file.ts';

const { nc, server } = await startNatsOfFile();

test('A thousand gets at once find a value each', async () => {
  const bucket = await createBucket(nc, 'many');
  const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}`);
  await Promise.all(keys.map((key) => bucket.put(key, `value of ${key}`)));
  const store = openBinding(nc, kvBinding('many'));
  const found = await Promise.all(keys.map((key) => store.result('get', [key])));
  assert.deepEqual(
    found.map(({ data }) => Buffer.from(data ?? '').toString()),
    keys.map((key) => `value of ${key}`),
  );
});

test('Markers of values that were deleted or have expired are no values', async () => {
  const bucket = await createBucket(nc, 'marked');
  const store = openBinding(nc, kvBinding('marked'));
  await bucket.put('gone', 'x');
  await bucket.delete('gone');
  const expired = headers();
  expired.set('Nats-Marker-Reason', 'MaxAge');
  await jetstream(nc).publish('$KV.marked.expired', '', { headers: expired });
  await bucket.put('there', '');
  assert.equal(await store.call('get', ['gone']), null);
  assert.equal(await store.call('get', ['expired']), null);
  assert.notEqual(await store.call('get', ['there']), null);
  assert.deepEqual(await store.call('keys', ['']), ['there']);
});

test('A get that the server forbids is refused at once, and those beside it are answered', async () => {
  await using guarded = await startGuardedNats(
    '{ publish: { deny: ["$JS.API.DIRECT.GET.*.$KV.kept.secret"] } }',
  );
  const ada = await connectTo(guarded, { user: 'ada', pass: 'secret' });
  const bucket = await createBucket(ada, 'kept');
  await bucket.put('open', 'x');
  const store = openBinding(ada, kvBinding('kept'));
  await store.call('get', ['open']);
  const startedMs = performance.now();
  const [refused, ...found] = await Promise.all([
    store.refused('get', ['secret']),
    ...Array.from({ length: 10 }, () => store.call('get', ['open'])),
  ]);
  assert.equal(refused.code, 'HS_BINDING_DENIED');
  assert.match(refused.message, /key "secret" in bucket "kept": NATS does not permit it/);
  assert.ok(performance.now() - startedMs < 3_000, 'it waited for its time-out');
  assert.ok(found.every((value) => value !== null));
  assert.notEqual(await store.call('get', ['open']), null);
  await ada.close();
});

test('Answers come under the inbox prefix of the connection, and nowhere else', async () => {
  await using guarded = await startGuardedNats('{ subscribe: { deny: ["_INBOX.>"] } }');
  const ada = await connectTo(guarded, { user: 'ada', pass: 'secret', inboxPrefix: '_MINE' });
  const bucket = await createBucket(ada, 'own');
  await bucket.put('a', 'x');
  const gets = new DirectGets(ada, '_MINE');
  assert.equal((await gets.get('KV_own', '$KV.own.a')).string(), 'x');
  const elsewhere = new DirectGets(ada);
  await assert.rejects(elsewhere.get('KV_own', '$KV.own.a'), /ermission/);
  await ada.close();
});

test('Gets that wait when the connection is closed fail then, and none is taken later', async () => {
  const own = await connectTo(server);
  const silent = own.subscribe('$JS.API.DIRECT.GET.KV_silent.>');
  await own.flush();
  const gets = new DirectGets(own);
  const waiting = Promise.allSettled(Array.from({ length: 5 }, (_, n) => gets.get('KV_silent', `k${n}`)));
  await own.flush();
  await own.close();
  for (const { status } of await waiting) assert.equal(status, 'rejected');
  await assert.rejects(gets.get('KV_silent', 'k'));
  silent.unsubscribe();
});
