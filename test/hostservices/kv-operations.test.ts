import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { HairspringError, HOST_LIMITS } from '../../src/core/index.ts';
import { KV_LIMITS } from '../../src/hostservices/kv/limits.ts';
import { countConsumers, createBucket, type KvHandle, kvBinding, openBinding } from '../support/kv.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';

let server: TestNats;
let nc: NatsConnection;
let store: KvHandle;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  await createBucket(nc, 'ops');
  store = openBinding(nc, kvBinding('ops'));
});

after(async () => {
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

async function revisionOf(key: string): Promise<number> {
  const value = await store.call('get', [key]);
  assert.ok(Array.isArray(value) && typeof value[0] === 'number', JSON.stringify(value));
  return value[0];
}

test('A value that was put is got with its revision and its time', async () => {
  const startedMs = Date.now();
  const revision = await store.call('put', ['a.b'], 'hello ü');
  const { value, data } = await store.result('get', ['a.b']);
  assert.ok(Array.isArray(value));
  assert.equal(value[0], revision);
  assert.ok(Math.abs(value[1] - startedMs) < 60_000, String(value[1]));
  assert.equal(Buffer.from(data ?? '').toString('utf8'), 'hello ü');
});

test('A key that was never put, and one that was deleted, is null', async () => {
  assert.deepEqual(await store.result('get', ['never']), { value: null });
  await store.call('put', ['gone'], 'x');
  assert.equal(await store.call('delete', ['gone']), null);
  assert.deepEqual(await store.result('get', ['gone']), { value: null });
});

test('Values of every kind of bytes come back as they went in', async () => {
  for (const payload of [
    new Uint8Array(0),
    '',
    Uint8Array.from({ length: 256 }, (_, index) => index),
    Buffer.from('\ufeffmarked'),
    Buffer.alloc(500_000, 0xfe),
  ]) {
    await store.call('put', ['bytes'], payload);
    const { data } = await store.result('get', ['bytes']);
    assert.ok(Buffer.from(data ?? 'none').equals(Buffer.from(payload)));
  }
  await store.call('put', ['bytes']);
  assert.equal((await store.result('get', ['bytes'])).data?.length, 0);
});

test('create stores where nothing is, also after a deletion, and conflicts where something is', async () => {
  assert.equal(typeof (await store.call('create', ['new'], '1')), 'number');
  assert.equal((await store.refused('create', ['new'], '2')).code, 'HS_KV_REVISION_CONFLICT');
  await store.call('delete', ['new']);
  assert.equal(typeof (await store.call('create', ['new'], '3')), 'number');
  assert.equal(Buffer.from((await store.result('get', ['new'])).data ?? '').toString(), '3');
});

test('update stores at the expected revision only', async () => {
  const first = await store.call('put', ['counted'], '1');
  assert.ok(typeof first === 'number');
  const second = await store.call('update', ['counted', first], '2');
  assert.ok(typeof second === 'number' && second > first);
  for (const stale of [first, second + 1])
    assert.equal((await store.refused('update', ['counted', stale], '3')).code, 'HS_KV_REVISION_CONFLICT');
  assert.equal(await revisionOf('counted'), second);
});

test('Of many updates from the same revision exactly one wins', async () => {
  const first = await store.call('put', ['raced'], '0');
  assert.ok(typeof first === 'number');
  const settled = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => store.call('update', ['raced', first], String(index))),
  );
  assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('delete with a revision deletes at that revision only', async () => {
  const revision = await store.call('put', ['kept'], '1');
  assert.ok(typeof revision === 'number');
  for (const wrong of [0, revision - 1, revision + 1]) {
    assert.equal(
      (await store.refused('delete', ['kept', wrong])).code,
      'HS_KV_REVISION_CONFLICT',
      String(wrong),
    );
    assert.equal(await revisionOf('kept'), revision);
  }
  await store.call('delete', ['kept', revision]);
  assert.equal(await store.call('get', ['kept']), null);
});

test('A write that a replicated bucket refuses for another that is on its way has lost a race', async () => {
  const error = { code: 400, err_code: 10164, description: 'wrong last sequence' };
  // No stream takes these, so that this is the only answer.
  const answers = nc.subscribe('$KV.replicated.>', {
    callback: (_error, message) => void message.respond(JSON.stringify({ error })),
  });
  const replicated = openBinding(nc, kvBinding('replicated'));
  for (const [op, ...args] of [
    ['update', 'k', 1],
    ['delete', 'k', 1],
    ['purge', 'k', 1],
  ] as const)
    assert.equal((await replicated.refused(op, args, 'v')).code, 'HS_KV_REVISION_CONFLICT', op);
  const blind = openBinding(nc, kvBinding('replicated', { access: 'write' }));
  const { code, message } = await blind.refused('create', ['k'], 'v');
  assert.equal(code, 'HS_KV_REVISION_CONFLICT');
  assert.match(message, /it has been there before/);
  answers.unsubscribe();
});

test('A revision that is no revision is refused, and nothing is done', async () => {
  const revision = await store.call('put', ['firm'], '1');
  for (const wrong of [null, -1, 0.5, 2 ** 53, '1', 'x']) {
    for (const op of ['update', 'delete'])
      assert.equal(
        (await store.refused(op, ['firm', wrong], 'v')).code,
        'HS_HOST_CALL_INVALID',
        `${op} ${wrong}`,
      );
  }
  assert.equal((await store.refused('update', ['firm'], 'v')).code, 'HS_HOST_CALL_INVALID');
  assert.equal(await revisionOf('firm'), revision);
});

test('Operations that a bucket does not have are refused', async () => {
  for (const op of ['', 'status', 'destroy', 'add', 'constructor', '__proto__', 'toString', 'GET', 'get '])
    assert.equal((await store.refused(op, ['k'])).code, 'HS_HOST_CALL_INVALID', op);
});

test('Keys are listed by prefix, also by a part of a token, without deleted ones', async () => {
  await createBucket(nc, 'listed');
  const listed = openBinding(nc, kvBinding('listed'));
  for (const key of ['a', 'ab', 'a.x', 'a.xy', 'a.x.1', 'b.x', 'B', 'a-c', 'z/1'])
    await listed.call('put', [key], 'v');
  for (const key of ['a.gone', 'gone']) {
    await listed.call('put', [key], 'v');
    await listed.call('delete', [key]);
  }
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', ['B', 'a', 'a-c', 'a.x', 'a.x.1', 'a.xy', 'ab', 'b.x', 'z/1']],
    ['a', ['a', 'a-c', 'a.x', 'a.x.1', 'a.xy', 'ab']],
    ['a.', ['a.x', 'a.x.1', 'a.xy']],
    ['a.x', ['a.x', 'a.x.1', 'a.xy']],
    ['a.x.', ['a.x.1']],
    ['a.x.1', ['a.x.1']],
    ['a.x.1.', []],
    ['gone', []],
    ['none.at.all', []],
  ];
  for (const [prefix, keys] of cases) assert.deepEqual(await listed.call('keys', [prefix]), keys, prefix);
  assert.equal(await countConsumers(nc, 'listed'), 0);
});

test('An empty bucket and one with deleted keys only list nothing, at once', async () => {
  await createBucket(nc, 'bare');
  const bare = openBinding(nc, kvBinding('bare'));
  const startedMs = performance.now();
  assert.deepEqual(await bare.call('keys', ['']), []);
  await bare.call('put', ['k'], 'v');
  await bare.call('delete', ['k']);
  assert.deepEqual(await bare.call('keys', ['']), []);
  assert.ok(performance.now() - startedMs < 3_000);
});

test('Many listings at once leave no consumer behind', async () => {
  await createBucket(nc, 'busy');
  const busy = openBinding(nc, kvBinding('busy'));
  for (let index = 0; index < 50; index += 1) await busy.call('put', [`k.${index}`], 'v');
  const lists = await Promise.all(Array.from({ length: 10 }, () => busy.call('keys', ['k.'])));
  for (const list of lists) assert.equal(Array.isArray(list) ? list.length : 0, 50);
  assert.equal(await countConsumers(nc, 'busy'), 0);
});

test('Keys that were deleted do not count among those that one call lists', async () => {
  await createBucket(nc, 'worn');
  const worn = openBinding(nc, kvBinding('worn'));
  const deleted = headers();
  deleted.set('KV-Operation', 'DEL');
  for (let index = 0; index <= HOST_LIMITS.kvKeys; index += 1)
    nc.publish(`$KV.worn.user-${index}`, '', { headers: deleted });
  await worn.call('put', ['user-1'], 'v');
  for (const prefix of ['', 'user-1'])
    assert.deepEqual(await worn.call('keys', [prefix]), ['user-1'], prefix);
});

test('More keys than one call lists are refused, and a longer prefix helps', async () => {
  await createBucket(nc, 'many');
  const many = openBinding(nc, kvBinding('many'));
  for (let index = 0; index <= HOST_LIMITS.kvKeys; index += 1) nc.publish(`$KV.many.k.${index}`, 'v');
  await many.call('put', ['other.1'], 'v');
  const { code, message } = await many.refused('keys', ['']);
  assert.equal(code, 'HS_HOST_CALL_LIMIT');
  assert.match(message, /at most 10000, .* longer prefix/);
  assert.deepEqual(await many.call('keys', ['other.']), ['other.1']);
  assert.deepEqual(await many.call('keys', ['k.9999']), ['k.9999']);
  assert.equal(await countConsumers(nc, 'many'), 0);
});

test('A bucket with more keys, deleted ones included, than one call looks through says so', async () => {
  await createBucket(nc, 'vast');
  const vast = openBinding(nc, kvBinding('vast'));
  const manager = await jetstreamManager(nc, { checkAPI: false });
  for (let index = 0; index <= KV_LIMITS.keysScanned; index += 1) {
    nc.publish(`$KV.vast.k-${index}`, '');
    if (index % 1_000 === 0) await nc.flush();
  }
  await vast.call('put', ['other.1'], 'v');
  const { state } = await manager.streams.info('KV_vast');
  assert.equal(state.messages, KV_LIMITS.keysScanned + 2);
  const { code, message } = await vast.refused('keys', ['k-1']);
  assert.equal(code, 'HS_HOST_CALL_LIMIT');
  assert.match(message, /looks through at most 100000/);
  assert.deepEqual(await vast.call('keys', ['other.']), ['other.1']);
  assert.equal(await countConsumers(nc, 'vast'), 0);
});

test('A bucket that does not exist is told as missing by every operation', async () => {
  const missing = openBinding(nc, kvBinding('nowhere'));
  for (const [op, ...args] of [
    ['get', 'k'],
    ['put', 'k'],
    ['create', 'k'],
    ['update', 'k', 1],
    ['delete', 'k'],
    ['purge', 'k'],
    ['history', 'k'],
    ['keys', ''],
    ['watch', '', 0],
  ] as const) {
    const error = await missing.refused(op, args, 'v');
    assert.equal(error.code, 'HS_KV_BUCKET_MISSING', `${op}: ${error.message}`);
    assert.match(error.message, /"nowhere"/);
  }
});

test('A value beyond the limit of the bucket or of the server is told as too large', async () => {
  await createBucket(nc, 'small', { maxValueSize: 100 });
  const small = openBinding(nc, kvBinding('small'));
  await small.call('put', ['k'], 'x'.repeat(90));
  for (const bytes of [200, 2 * 1024 ** 2]) {
    for (const [op, ...args] of [
      ['put', 'k'],
      ['create', 'other'],
      ['update', 'k', 1],
    ] as const)
      assert.equal(
        (await small.refused(op, args, 'x'.repeat(bytes))).code,
        'HS_KV_VALUE_TOO_LARGE',
        `${op} ${bytes}`,
      );
  }
  const max = nc.info?.max_payload ?? 0;
  for (const bytes of [max, max + 1])
    assert.equal(
      (await store.refused('update', ['k', 1], Buffer.alloc(bytes))).code,
      'HS_KV_VALUE_TOO_LARGE',
      String(bytes),
    );
  assert.equal(typeof (await store.call('put', ['still'], 'works')), 'number');
});

test('A full bucket says that it is full, and takes values again when there is room', async () => {
  await createBucket(nc, 'full', { max_bytes: 2_000 });
  const full = openBinding(nc, kvBinding('full'));
  await full.call('put', ['a'], 'x'.repeat(1_500));
  for (const op of ['put', 'create'])
    assert.equal((await full.refused(op, ['b'], 'x'.repeat(1_500))).code, 'HS_KV_BUCKET_FULL', op);
  await full.call('purge', ['a']);
  await full.call('put', ['b'], 'x'.repeat(1_500));
});

test('A bucket too full for a deletion says how to make room, and that helps', async () => {
  await createBucket(nc, 'stuffed', { max_bytes: 2_000 });
  const stuffed = openBinding(nc, kvBinding('stuffed'));
  for (let count = 0, isFull = false; !isFull; count += 1) {
    const put = await stuffed.call('put', [`k${count}`], '').catch((error: unknown) => error);
    isFull = HairspringError.is(put);
  }
  for (const op of ['delete', 'purge']) {
    const { code, hint } = await stuffed.refused(op, ['k0']);
    assert.equal(code, 'HS_KV_BUCKET_FULL', op);
    assert.match(hint ?? '', /nats stream purge KV_stuffed --subject='\$KV\.stuffed\.k0'/);
  }
  const manager = await jetstreamManager(nc);
  for (const key of ['k0', 'k1', 'k2', 'k3'])
    await manager.streams.purge('KV_stuffed', { filter: `$KV.stuffed.${key}` });
  await stuffed.call('delete', ['k4']);
  await manager.streams.update('KV_stuffed', { max_bytes: 4_000 });
  await stuffed.call('purge', ['k5']);
});

test('A listing does not wait for keys that are removed while it reads', async () => {
  await createBucket(nc, 'fleeting');
  const fleeting = openBinding(nc, kvBinding('fleeting'));
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const names = Array.from({ length: 8 }, (_, index) => `k${index}`);
  let slowestMs = 0;
  const list = async (): Promise<void> => {
    const startedMs = performance.now();
    const keys = await fleeting.call('keys', ['']);
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    assert.ok(Array.isArray(keys) && keys.every((key) => names.includes(key)), JSON.stringify(keys));
  };
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(names.map((name) => fleeting.call('put', [name], '')));
    const removed = names.map(async (name) => {
      await list();
      await manager.streams.purge('KV_fleeting', { filter: `$KV.fleeting.${name}` });
    });
    await Promise.all([...removed, ...names.map(() => list())]);
  }
  assert.ok(slowestMs < 4_000, `a listing took ${slowestMs} ms`);
});

test('A connection that is gone is told as lost', { timeout: 20_000 }, async () => {
  await using other = await startTestNats();
  const lost = await connectTo(other, { reconnect: false });
  await createBucket(lost, 'lost');
  const handle = openBinding(lost, kvBinding('lost'));
  await lost.close();
  for (const op of ['get', 'put', 'purge', 'keys', 'history'])
    assert.equal((await handle.refused(op, ['k'], 'v')).code, 'HS_KV_CONNECTION_LOST', op);
  assert.equal((await handle.refused('watch', ['', 0])).code, 'HS_KV_CONNECTION_LOST');
});

test('Calls that wait for an answer when the connection is lost are told so at once', {
  timeout: 20_000,
}, async () => {
  const client = await connectTo(server, { reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  try {
    // Somebody who takes what is sent to a bucket, and never answers.
    for (const subject of ['$KV.silent.>', '$JS.API.DIRECT.GET.KV_silent.>']) nc.subscribe(subject);
    await nc.flush();
    const handle = openBinding(client, kvBinding('silent'));
    const startedMs = performance.now();
    const ops = ['get', 'put', 'create', 'delete', 'purge'];
    const waiting = ops.map((op) => handle.refused(op, ['k'], 'v'));
    await client.flush();
    await client.reconnect();
    for (const error of await Promise.all(waiting)) {
      assert.equal(error.code, 'HS_KV_CONNECTION_LOST', error.message);
      assert.match(error.message, /bucket "silent"/);
    }
    assert.ok(performance.now() - startedMs < 4_000, 'it waited for the time-out');
  } finally {
    await client.close();
  }
});
