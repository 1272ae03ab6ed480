/** What a bucket keeps of a key beside its last value: history, revisions, purges, and values that go by themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { KV_LIMITS } from '../../src/hostservices/kv/limits.ts';
import { provisionKvBucket } from '../../src/hostservices/kv/provider-provision.ts';
import { checkTtlVersion } from '../../src/hostservices/kv/provider-ttl.ts';
import { countConsumers, createBucket, type KvHandle, kvBinding, openBinding } from '../support/kv.ts';
import { skipWithout } from '../support/nats.ts';
import { startNatsOfFile } from '../support/nats-of-file.ts';

const withoutTtl = await skipWithout('keyTtl');

const { nc } = await startNatsOfFile();

async function open(bucket: string, options: object = { history: 10 }, keys = '>'): Promise<KvHandle> {
  await createBucket(nc, bucket, options);
  return openBinding(nc, kvBinding(bucket, { keys }));
}

async function put(store: KvHandle, key: string, value: string | Uint8Array): Promise<number> {
  const revision = await store.call('put', [key], value);
  assert.ok(typeof revision === 'number');
  return revision;
}

/** `operation:text` per entry, with its revision. */
async function historyOf(store: KvHandle, key: string): Promise<readonly (readonly [number, string])[]> {
  const { value, data } = await store.result('history', [key]);
  const rows = value as readonly (readonly [number, number, string, number])[];
  let at = 0;
  const entries = rows.map(([revision, createdMs, operation, length]) => {
    assert.ok(Math.abs(createdMs - Date.now()) < 3_600_000);
    const text = Buffer.from(data ?? '').subarray(at, at + length);
    at += length;
    return [revision, `${operation}:${text}`] as const;
  });
  assert.equal(at, data?.length ?? 0);
  return entries;
}

test('The history of a key is all that the bucket keeps of it, oldest first, with deletions', async () => {
  const store = await open('history');
  assert.deepEqual(await historyOf(store, 'k'), []);
  const first = await put(store, 'k', 'one');
  await put(store, 'other', 'x');
  const second = await put(store, 'k', '');
  await store.call('delete', ['k']);
  const last = await put(store, 'k', 'ü');
  assert.deepEqual(await historyOf(store, 'k'), [
    [first, 'PUT:one'],
    [second, 'PUT:'],
    [last - 1, 'DEL:'],
    [last, 'PUT:ü'],
  ]);
  assert.equal(await countConsumers(nc, 'history'), 0);
});

test('A history of more entries or bytes than one call gives is refused, and says how to read it', async () => {
  const store = await open('long', { history: 64 });
  for (let index = 0; index < KV_LIMITS.historyEntries; index += 1) await put(store, 'full', `${index}`);
  assert.equal((await historyOf(store, 'full')).length, KV_LIMITS.historyEntries);
  const value = Buffer.alloc(1_000_000);
  for (let bytes = 0; bytes <= KV_LIMITS.historyBytes; bytes += value.length) await put(store, 'big', value);
  const manager = await jetstreamManager(nc);
  await manager.streams.update('KV_long', { max_msgs_per_subject: 1_000 });
  await put(store, 'full', 'one more');
  for (const key of ['full', 'big']) {
    const error = await store.refused('history', [key]);
    assert.equal(error.code, 'HS_HOST_CALL_LIMIT');
    assert.match(error.message, new RegExp(`watch\\("${key}"`));
  }
  assert.equal(await countConsumers(nc, 'long'), 0);
});

for (const keys of ['>', 'k.*']) {
  test(`A value is got at its revision and at no other, with a grant of ${keys}`, async () => {
    const store = await open(`at-${keys.length}`, { history: 10 }, keys);
    const revisions = [
      await put(store, 'k.a', '1'),
      await put(store, 'k.b', 'other'),
      await put(store, 'k.a', '2'),
    ];
    await store.call('delete', ['k.a']);
    const textAt = async (revision: number): Promise<string | null> => {
      const { value, data } = await store.result('get', ['k.a', revision]);
      if (value === null) return null;
      assert.deepEqual((value as number[])[0], revision);
      return Buffer.from(data ?? '').toString();
    };
    const [first = 0, other = 0, second = 0] = revisions;
    assert.deepEqual(
      [
        await textAt(first),
        await textAt(other),
        await textAt(second),
        await textAt(second + 1),
        await textAt(9_999),
      ],
      ['1', null, '2', null, null],
    );
    for (const wrong of [null, -1, 1.5, '1', 2 ** 53])
      assert.equal((await store.refused('get', ['k.a', wrong])).code, 'HS_HOST_CALL_INVALID', String(wrong));
    assert.equal((await store.refused('get', ['k.a', 0])).code, 'HS_KV_REVISION_CONFLICT');
    assert.equal(await countConsumers(nc, `at-${keys.length}`), 0);
  });
}

test('A purge takes the history of its key away, and of no other', async () => {
  const store = await open('purged');
  for (const value of ['1', '2']) for (const key of ['a', 'a.b', 'b']) await put(store, key, value);
  assert.equal(await store.call('purge', ['a']), null);
  assert.equal(await store.call('get', ['a']), null);
  assert.deepEqual(
    (await historyOf(store, 'a')).map(([, text]) => text),
    ['PURGE:'],
  );
  for (const key of ['a.b', 'b'])
    assert.deepEqual(
      (await historyOf(store, key)).map(([, text]) => text),
      ['PUT:1', 'PUT:2'],
    );
  assert.equal(typeof (await store.call('create', ['a'], 'again')), 'number');
});

test('A purge with a revision is made at that revision only', async () => {
  const store = await open('firm');
  const revision = await put(store, 'a', '1');
  for (const wrong of [0, revision + 1])
    assert.equal((await store.refused('purge', ['a', wrong])).code, 'HS_KV_REVISION_CONFLICT', String(wrong));
  for (const wrong of [null, -1, 0.5, '1'])
    assert.equal((await store.refused('purge', ['a', wrong])).code, 'HS_HOST_CALL_INVALID', String(wrong));
  assert.notEqual(await store.call('get', ['a']), null);
  await store.call('purge', ['a', revision]);
  assert.equal(await store.call('get', ['a']), null);
});

test('A bucket that takes no purges says so', async () => {
  const store = await open('kept');
  const manager = await jetstreamManager(nc);
  await manager.streams.delete('KV_kept');
  await manager.streams.add({ name: 'KV_kept', subjects: ['$KV.kept.>'], allow_direct: true });
  await put(store, 'a', '1');
  assert.equal((await store.refused('purge', ['a'])).code, 'HS_KV_UNSUPPORTED');
});

for (const history of [1, 5]) {
  test(`A value with a life of its own goes by itself, and a watch hears of it, with a history of ${history}`, {
    timeout: 60_000,
    skip: withoutTtl,
  }, async () => {
    const bucket = `mortal-${history}`;
    await provisionKvBucket(
      nc,
      'L',
      kvBinding(bucket, { existing: false, options: { perKeyTtl: true, history } }),
    );
    const store = openBinding(nc, kvBinding(bucket));
    const handle = await store.call('watch', ['updates', 0]);
    assert.ok(typeof handle === 'number');
    const revision = await store.call('create', ['made', 1_000], 'x');
    assert.ok(typeof revision === 'number');
    await store.call('update', ['made', revision, 1_500], 'y');
    await store.call('put', ['put', 1_000], 'z');
    await put(store, 'stays', 'w');
    const expired = new Set<string>();
    while (expired.size < 2) {
      const [key, , , operation] = (await store.call('next', [handle])) as [string, number, number, string];
      if (operation === 'PURGE') expired.add(key);
    }
    assert.deepEqual([...expired].toSorted(), ['made', 'put']);
    for (const key of ['made', 'put']) assert.equal(await store.call('get', [key]), null);
    assert.deepEqual(await store.call('keys', ['']), ['stays']);
    assert.equal(typeof (await store.call('create', ['made'], 'again')), 'number');
    store.prepared.ended?.(1);
  });
}

test('A bucket without such values refuses them by the name of the setting, and stores nothing', {
  skip: withoutTtl,
}, async () => {
  const store = await open('immortal');
  for (const [op, ...args] of [
    ['put', 'k', 5_000],
    ['create', 'k', 5_000],
  ] as const) {
    const error = await store.refused(op, args, 'v');
    assert.equal(error.code, 'HS_KV_UNSUPPORTED');
    assert.match(error.message, /perKeyTtl: true/);
  }
  assert.equal(await store.call('get', ['k']), null);
});

test('A life that is no number of milliseconds from a second on is refused', async () => {
  const store = await open('odd');
  for (const wrong of [null, 0, -1, 999, Number.MAX_VALUE, '5s', ''])
    for (const op of ['put', 'create'])
      assert.equal(
        (await store.refused(op, ['k', wrong], 'v')).code,
        'HS_HOST_CALL_INVALID',
        `${op} ${wrong}`,
      );
  assert.equal((await store.refused('update', ['k', 1, null], 'v')).code, 'HS_HOST_CALL_INVALID');
  assert.deepEqual(await store.call('keys', ['']), []);
});

test('Servers before 2.11.4, which would keep the value for ever, are told apart by their version', () => {
  for (const version of ['2.9.10', '2.10.27', '2.11.3', '1.99.0', '']) {
    assert.throws(() => checkTtlVersion({ info: { version } }, 'x'), {
      code: 'HS_KV_UNSUPPORTED',
      message: new RegExp(`2\\.11\\.4.*"${version}"`),
    });
  }
  for (const version of ['2.11.4', '2.12.0-RC.1', '2.15.1', '3.0.0'])
    checkTtlVersion({ info: { version } }, 'x');
});
