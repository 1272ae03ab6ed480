import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { HairspringError } from '../../src/core/index.ts';
import { KV_LIMITS } from '../../src/hostservices/kv/limits.ts';
import {
  countConsumers,
  createBucket,
  type KvHandle,
  kvBinding,
  openBinding,
  untilConsumers,
} from '../support/kv.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { until } from '../support/turns.ts';

const server = await startTestNats();
const nc = await connectTo(server);
after(async () => {
  await nc.close();
  await server[Symbol.asyncDispose]();
});

const CALLER_ID = 1;

interface Seen {
  readonly key: string;
  readonly revision: number;
  readonly operation: string;
  readonly isUpdate: boolean;
  readonly text: string;
}

class Watching {
  readonly #handle: KvHandle;
  readonly number: number;

  private constructor(handle: KvHandle, number: number) {
    this.#handle = handle;
    this.number = number;
  }

  static async open(handle: KvHandle, ...args: (string | number)[]): Promise<Watching> {
    const number = await handle.call('watch', args);
    assert.ok(typeof number === 'number');
    return new Watching(handle, number);
  }

  async next(): Promise<Seen | null> {
    const { value, data } = await this.#handle.result('next', [this.number]);
    if (value === null) return null;
    const [key, revision, createdMs, operation, isUpdate] = value as [string, number, number, string, number];
    assert.ok(Math.abs(createdMs - Date.now()) < 3_600_000, String(createdMs));
    return { key, revision, operation, isUpdate: isUpdate === 1, text: Buffer.from(data ?? '').toString() };
  }

  /** So many, as `key=text`, or `key:operation` of a marker. */
  async take(count: number): Promise<readonly string[]> {
    const seen: string[] = [];
    while (seen.length < count) {
      const one = await this.next();
      assert.ok(one !== null, `It ended after ${seen.join()}`);
      seen.push(one.operation === 'PUT' ? `${one.key}=${one.text}` : `${one.key}:${one.operation}`);
    }
    return seen;
  }

  close(): Promise<unknown> {
    return this.#handle.call('close', [this.number]);
  }
}

async function open(bucket: string, options: object = {}, keys = '>'): Promise<KvHandle> {
  await createBucket(nc, bucket, options);
  return openBinding(nc, kvBinding(bucket, { keys }));
}

test('A watch gives the last value of each key, and then each change as it comes', async () => {
  const store = await open('seen', { history: 5 });
  for (const [key, value] of [
    ['a', '1'],
    ['b', '1'],
    ['a', '2'],
  ] as const)
    await store.call('put', [key], value);
  const watching = await Watching.open(store, '', 0);
  const first = [await watching.next(), await watching.next()];
  assert.deepEqual(
    first.map((one) => [one?.key, one?.text, one?.isUpdate]),
    [
      ['b', '1', false],
      ['a', '2', false],
    ],
  );
  const coming = watching.next();
  const revision = await store.call('put', ['c'], 'new');
  assert.deepEqual(await coming, { key: 'c', revision, operation: 'PUT', isUpdate: true, text: 'new' });
  await store.call('delete', ['a']);
  await store.call('purge', ['b']);
  assert.deepEqual(await watching.take(2), ['a:DEL', 'b:PURGE']);
  await watching.close();
  await untilConsumers(nc, 'seen', 0);
});

test('What a watch begins with and whether it shows deletions can be chosen', async () => {
  const store = await open('chosen', { history: 5 });
  for (const value of ['1', '2']) await store.call('put', ['a'], value);
  await store.call('delete', ['a']);
  await store.call('put', ['b'], '1');
  const [all, updates, values] = await Promise.all([
    Watching.open(store, 'history', 0),
    Watching.open(store, 'updates', 0),
    Watching.open(store, 'history', 1),
  ]);
  await store.call('put', ['c'], '1');
  assert.deepEqual(await all.take(5), ['a=1', 'a=2', 'a:DEL', 'b=1', 'c=1']);
  assert.deepEqual(await updates.take(1), ['c=1']);
  assert.deepEqual(await values.take(4), ['a=1', 'a=2', 'b=1', 'c=1']);
});

test('A watch of an empty bucket takes all that comes for updates', async () => {
  const store = await open('empty');
  const watching = await Watching.open(store, '', 0);
  await store.call('put', ['a'], '1');
  assert.equal((await watching.next())?.isUpdate, true);
});

test('A watch shows no key beside its filter, and without one what the binding grants', async () => {
  await createBucket(nc, 'filtered');
  const all = openBinding(nc, kvBinding('filtered'));
  const some = openBinding(nc, kvBinding('filtered', { keys: 't.>' }));
  for (const key of ['t.a', 't.b', 't.b.c', 'u.a']) await all.call('put', [key], '');
  const [granted, asked, one] = await Promise.all([
    Watching.open(some, '', 0),
    Watching.open(some, '', 0, 't.*'),
    Watching.open(some, '', 0, 't.b.c'),
  ]);
  await all.call('put', ['u.b'], '');
  await all.call('put', ['t.z'], '');
  assert.deepEqual(await granted.take(4), ['t.a=', 't.b=', 't.b.c=', 't.z=']);
  assert.deepEqual(await asked.take(3), ['t.a=', 't.b=', 't.z=']);
  assert.deepEqual(await one.take(1), ['t.b.c=']);
});

test('Watches beside the grant and arguments that are none are refused, and leave nothing behind', async () => {
  const store = await open('refused', {}, 't.*');
  for (const filter of ['>', '*', 'u.a', 't.>', 't.a.b', '*.a', 't'])
    assert.equal((await store.refused('watch', ['', 0, filter])).code, 'HS_BINDING_DENIED', filter);
  for (const filter of [
    '',
    't.',
    't..a',
    't.a b',
    't.$a',
    't.>.a',
    't.a*',
    't.\r\n',
    't.ä',
    null,
    5,
    't.'.repeat(400),
  ])
    assert.equal((await store.refused('watch', ['', 0, filter])).code, 'HS_KV_KEY_INVALID', String(filter));
  for (const include of ['all', 'HISTORY', 'constructor', '__proto__', null, 0])
    assert.equal((await store.refused('watch', [include, 0])).code, 'HS_HOST_CALL_INVALID', String(include));
  for (const handle of [0, -1, 1.5, null, '1', 'constructor']) {
    assert.equal((await store.refused('next', [handle])).code, 'HS_HOST_CALL_INVALID', String(handle));
    assert.equal(await store.call('close', [handle]), null);
  }
  assert.equal(await countConsumers(nc, 'refused'), 0);
});

test('A slow reader holds up nobody: a few entries wait here and the others in the bucket', async () => {
  const store = await open('slow', { history: 1 });
  const watching = await Watching.open(store, '', 0);
  const first = watching.next();
  await store.call('put', ['k0'], '');
  await first;
  const count = 10 * KV_LIMITS.watchEntries;
  for (let index = 1; index <= count; index += 1) await store.call('put', [`k${index}`], '');
  const manager = await jetstreamManager(nc);
  const [consumer] = await manager.consumers.list('KV_slow').next();
  const delivered = consumer?.delivered.consumer_seq ?? 0;
  assert.ok(delivered <= KV_LIMITS.watchEntries, `${delivered} were delivered though one was asked for`);
  const rest = await watching.take(count);
  assert.deepEqual(
    rest,
    Array.from({ length: count }, (_, index) => `k${index + 1}=`),
  );
});

test('Values larger than all that a watch holds come through, between small ones', async () => {
  const store = await open('large');
  const large = 'x'.repeat(2 * KV_LIMITS.watchBytes);
  const values = ['small', large, 'small', large, large, 'small'];
  for (const [index, value] of values.entries()) await store.call('put', [`k${index}`], value);
  const watching = await Watching.open(store, '', 0);
  const seen = await watching.take(values.length);
  assert.deepEqual(
    seen.map((text) => text.length),
    values.map((value) => value.length + 3),
  );
});

test('Several who wait for the same watch are given one entry each, in order', async () => {
  const store = await open('shared');
  const watching = await Watching.open(store, '', 0);
  const waiting = Array.from({ length: 50 }, () => watching.next());
  for (let index = 0; index < 50; index += 1) await store.call('put', [`k${index}`], '');
  const seen = await Promise.all(waiting);
  assert.deepEqual(
    seen.map((one) => one?.key),
    Array.from({ length: 50 }, (_, index) => `k${index}`),
  );
});

test('A watch that is closed ends for those who wait, and its consumer is gone', async () => {
  const store = await open('closed');
  const watching = await Watching.open(store, '', 0);
  const waiting = [watching.next(), watching.next()];
  await watching.close();
  assert.deepEqual(await Promise.all(waiting), [null, null]);
  assert.equal((await store.refused('next', [watching.number])).code, 'HS_HOST_CALL_INVALID');
  await untilConsumers(nc, 'closed', 0);
});

test('All watches of an invocation end with it, and none of another', async () => {
  const store = await open('ended');
  const watches = [await Watching.open(store, '', 0), await Watching.open(store, 'updates', 0)];
  const opened = await store.prepared.call(
    { op: 'watch', args: ['', 0], payload: undefined },
    { id: 2, deadlineMs: 0 },
  );
  const waiting = watches.map((watching) => watching.next());
  assert.equal(await countConsumers(nc, 'ended'), 3);
  store.prepared.ended?.(CALLER_ID);
  assert.deepEqual(await Promise.all(waiting), [null, null]);
  await untilConsumers(nc, 'ended', 1);
  await store.call('put', ['a'], 'still');
  assert.equal(
    Buffer.from((await store.result('next', [opened.value as number])).data ?? '').toString(),
    'still',
  );
  store.prepared.ended?.(2);
  await untilConsumers(nc, 'ended', 0);
});

test('No more watches are open at once than an invocation may have, and refused ones cost nothing', async () => {
  const store = await open('counted');
  const { watchesPerInvocation } = KV_LIMITS;
  const settled = await Promise.allSettled(
    Array.from({ length: watchesPerInvocation + 5 }, () => store.call('watch', ['', 0])),
  );
  assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, watchesPerInvocation);
  assert.equal((await store.refused('watch', ['', 0])).code, 'HS_HOST_CALL_LIMIT');
  await untilConsumers(nc, 'counted', watchesPerInvocation);
  store.prepared.ended?.(CALLER_ID);
  await untilConsumers(nc, 'counted', 0);
});

test('A watch hears that its bucket is gone', async () => {
  const store = await open('deleted');
  const watching = await Watching.open(store, '', 0);
  const again = store.refused('next', [watching.number]);
  await nc.flush();
  const manager = await jetstreamManager(nc);
  await manager.streams.delete('KV_deleted');
  const { code } = await again;
  assert.equal(code, 'HS_KV_BUCKET_MISSING');
  assert.equal((await store.refused('next', [watching.number])).code, 'HS_HOST_CALL_INVALID');
});

test('A watch hears that the connection is lost, and the next one works when it is back', {
  timeout: 30_000,
}, async () => {
  const first = await startTestNats();
  const client = await connectTo(first, { reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  try {
    await createBucket(client, 'lost');
    const store = openBinding(client, kvBinding('lost'));
    const watching = await Watching.open(store, '', 0);
    const waiting = store.refused('next', [watching.number]);
    await client.flush();
    await client.reconnect();
    assert.equal((await waiting).code, 'HS_KV_CONNECTION_LOST');
    await until(async () => !(await isLost(store)));
    const again = await Watching.open(store, '', 0);
    await store.call('put', ['a'], '1');
    assert.deepEqual(await again.take(1), ['a=1']);
    store.prepared.ended?.(CALLER_ID);
    await untilConsumers(client, 'lost', 0);
  } finally {
    await client.close();
    await first[Symbol.asyncDispose]();
  }
});

test('Watches that have failed make room for others in the same invocation', {
  timeout: 30_000,
}, async () => {
  const first = await startTestNats();
  const client = await connectTo(first, { reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  try {
    await createBucket(client, 'again');
    const store = openBinding(client, kvBinding('again'));
    const watching: Watching[] = [];
    for (let count = 0; count < KV_LIMITS.watchesPerInvocation; count += 1)
      watching.push(await Watching.open(store, '', 0));
    const waiting = watching.map(({ number }) => store.refused('next', [number]));
    await client.flush();
    await client.reconnect();
    for (const { code } of await Promise.all(waiting)) assert.equal(code, 'HS_KV_CONNECTION_LOST');
    await until(async () => !(await isLost(store)));
    await Watching.open(store, '', 0);
    store.prepared.ended?.(CALLER_ID);
    await untilConsumers(client, 'again', 0);
  } finally {
    await client.close();
    await first[Symbol.asyncDispose]();
  }
});

async function isLost(store: KvHandle): Promise<boolean> {
  try {
    await store.call('get', ['none']);
    return false;
  } catch (error) {
    assert.equal(HairspringError.from(error).code, 'HS_KV_CONNECTION_LOST');
    return true;
  }
}
