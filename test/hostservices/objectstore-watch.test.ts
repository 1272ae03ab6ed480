import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connectTo, startTestNats } from '../support/nats.ts';
import { countObjectConsumers, type ObjectHandle, openBucket, toTold } from '../support/objects.ts';
import { until } from '../support/turns.ts';

const server = await startTestNats();
const nc = await connectTo(server);
after(async () => {
  await nc.close();
  await server[Symbol.asyncDispose]();
});

async function nextOf(store: ObjectHandle, handle: number): Promise<string> {
  const { name, deleted } = toTold(await store.call('next', [handle]));
  return deleted ? `-${name}` : name;
}

test('A watch tells of what is put, linked and deleted from then on, one after the other', async () => {
  const store = await openBucket(nc, 'news');
  await store.put('before', 'x');
  const handle = await store.open('watch', [0]);
  await store.put('a', 'x');
  assert.equal(await nextOf(store, handle), 'a');
  const waiting = nextOf(store, handle);
  await store.put('b', 'x');
  assert.equal(await waiting, 'b');
  await store.call('link', ['l', 'a']);
  await store.call('delete', ['a']);
  assert.equal(await nextOf(store, handle), 'l');
  assert.equal(await nextOf(store, handle), '-a');
  await store.call('close', [handle]);
  await until(async () => (await countObjectConsumers(nc, 'news')) === 0);
});

test('A watch of what exists begins with that, and goes on', async () => {
  const store = await openBucket(nc, 'whole');
  await store.put('a', '1');
  await store.put('b', '1');
  await store.put('a', '2');
  const handle = await store.open('watch', [1]);
  assert.deepEqual([await nextOf(store, handle), await nextOf(store, handle)], ['b', 'a']);
  await store.put('c', '1');
  assert.equal(await nextOf(store, handle), 'c');
  store.end();
  await until(async () => (await countObjectConsumers(nc, 'whole')) === 0);
});

test('Several that wait at once are told of one change each, in turn', async () => {
  const store = await openBucket(nc, 'turns');
  const handle = await store.open('watch', [0]);
  const waiting = Array.from({ length: 5 }, () => nextOf(store, handle));
  for (let index = 0; index < 5; index += 1) await store.put(`o${index}`, 'x');
  assert.deepEqual(await Promise.all(waiting), ['o0', 'o1', 'o2', 'o3', 'o4']);
  store.end();
});

test('A watch that waits ends with its invocation, and leaves no consumer', async () => {
  const store = await openBucket(nc, 'ended');
  const handle = await store.open('watch', [0]);
  const waiting = store.call('next', [handle]);
  await until(async () => (await countObjectConsumers(nc, 'ended')) === 1);
  store.end();
  assert.equal(await waiting, null);
  await until(async () => (await countObjectConsumers(nc, 'ended')) === 0);
  assert.equal((await store.refused('next', [handle])).code, 'HS_HOST_CALL_INVALID');
});

test('A watch whose consumer the server has forgotten misses nothing', async () => {
  const store = await openBucket(nc, 'forgotten');
  const manager = await jetstreamManager(nc);
  const forget = async (): Promise<void> => {
    for (const { name } of await manager.consumers.list('OBJ_forgotten').next())
      await manager.consumers.delete('OBJ_forgotten', name);
  };
  const handle = await store.open('watch', [0]);
  await forget();
  await store.put('a', 'x');
  await store.put('b', 'x');
  assert.equal(await nextOf(store, handle), 'a');
  await forget();
  assert.equal(await nextOf(store, handle), 'b');
  const waiting = nextOf(store, handle);
  await forget();
  await store.put('c', 'x');
  assert.equal(await waiting, 'c');
  store.end();
  await until(async () => (await countObjectConsumers(nc, 'forgotten')) === 0);
});

test('A watch of a bucket that is deleted is told so', async () => {
  const store = await openBucket(nc, 'deleted');
  const handle = await store.open('watch', [0]);
  const waiting = store.refused('next', [handle]);
  await (await jetstreamManager(nc)).streams.delete('OBJ_deleted');
  assert.equal((await waiting).code, 'HS_OBJECT_BUCKET_MISSING');
});
