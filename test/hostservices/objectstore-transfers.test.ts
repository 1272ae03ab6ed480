import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { HairspringError } from '../../src/core/index.ts';
import { OBJECT_LIMITS } from '../../src/hostservices/objectstore/limits.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { startNatsOfFile } from '../support/nats-of-file.ts';
import {
  countChunks,
  countObjectConsumers,
  createStore,
  type ObjectHandle,
  objectBinding,
  openBucket,
  openObjects,
  streamInfo,
  toTold,
  withCaller,
} from '../support/objects.ts';
import { until } from '../support/turns.ts';

const { chunkBytes } = OBJECT_LIMITS;

const { nc } = await startNatsOfFile();

async function openObject(store: ObjectHandle, name: string, whole = 0): Promise<number> {
  const { revision } = await store.info('get', name);
  return await store.open('open', [name, revision, whole]);
}

/** Reads until there is no more. @returns the code with which it failed, or "whole" */
async function readOn(store: ObjectHandle, handle: number): Promise<{ code: string; read: number }> {
  for (let read = 0; ; read += 1) {
    try {
      if ((await store.call('next', [handle])) === null) return { code: 'whole', read };
    } catch (error) {
      assert.ok(HairspringError.is(error), String(error));
      return { code: error.code, read };
    }
  }
}

test('Pieces of any size become one object', async () => {
  const store = await openBucket(nc, 'pieces');
  const bytes = randomBytes(3 * chunkBytes + 100);
  for (const size of [1_000, chunkBytes - 1, chunkBytes, chunkBytes + 1, bytes.length]) {
    const handle = await store.open('create', ['o', '{"metadata":{"by":"me"}}']);
    for (let at = 0; at < bytes.length; at += size)
      await store.call('write', [handle], bytes.subarray(at, at + size));
    const info = toTold(await store.call('finish', [handle]));
    const digest = `SHA-256=${createHash('sha256').update(bytes).digest('base64url')}=`;
    assert.deepEqual([info.size, info.chunks, info.digest], [bytes.length, 4, digest]);
    assert.deepEqual(info.metadata, { by: 'me' });
    assert.ok((await store.read('o')).equals(bytes), String(size));
  }
  const empty = await store.open('create', ['o', '{}']);
  assert.equal(toTold(await store.call('finish', [empty])).size, 0);
  assert.equal((await store.read('o')).length, 0);
  assert.equal(await countChunks(nc, 'pieces'), 0);
});

test('A slow reader finds the host no more than a few chunks ahead', async () => {
  const store = await openBucket(nc, 'slow');
  await store.put('large', randomBytes(40 * chunkBytes));
  let asked = 0;
  const spy = nc.subscribe('$JS.API.DIRECT.GET.OBJ_slow', {
    callback: () => {
      asked += 1;
    },
  });
  const handle = await openObject(store, 'large');
  assert.equal(asked, 0);
  for (let read = 1; read <= 40; read += 1) {
    assert.equal((await store.result('next', [handle])).data?.length, chunkBytes);
    // Whatever the host asks for without being asked itself is asked for by then.
    for (let turn = 0; turn < 10; turn += 1) await nc.flush();
    assert.ok(asked >= read && asked <= read + OBJECT_LIMITS.chunksAhead, `${asked} asked, ${read} read`);
  }
  assert.equal(await store.call('next', [handle]), null);
  assert.equal(asked, 40);
  spy.unsubscribe();
  assert.equal(await countObjectConsumers(nc, 'slow'), 0);
});

test('A write waits while the server has not acknowledged a few chunks', async () => {
  const stream = 'OBJ_unacked';
  await createStore(nc, 'unacked');
  // Nobody acknowledges until the test does so in the server's place.
  await (await jetstreamManager(nc)).streams.delete(stream);
  const held: Msg[] = [];
  const spy = nc.subscribe('$O.unacked.C.*', { callback: (_error, message) => void held.push(message) });
  await nc.flush();
  const store = openObjects(nc, objectBinding('unacked'));
  const handle = await store.open('create', ['o', '{}']);
  let written = 0;
  const writing = (async () => {
    for (let index = 0; index < 20; index += 1) {
      await store.call('write', [handle], Buffer.alloc(chunkBytes));
      written += 1;
    }
  })();
  const most = OBJECT_LIMITS.unacknowledgedChunks;
  for (let acknowledged = 0; acknowledged < 20; acknowledged += 1) {
    await until(async () => held.length > Math.min(acknowledged + most, 19));
    for (let turn = 0; turn < 10; turn += 1) await nc.flush();
    assert.ok(held.length <= acknowledged + most + 1, `${held.length} sent, ${acknowledged} acknowledged`);
    assert.ok(written <= acknowledged + most, `${written} written, ${acknowledged} acknowledged`);
    held[acknowledged]?.respond(JSON.stringify({ stream, seq: acknowledged + 1 }));
  }
  await writing;
  spy.unsubscribe();
  await store.call('close', [handle]);
});

test('A put that is given up leaves the former object whole and none of its own chunks', async () => {
  const store = await openBucket(nc, 'former');
  const former = randomBytes(2 * chunkBytes);
  await store.put('o', former);
  const giveUps: readonly ((handle: number) => Promise<unknown>)[] = [
    (handle) => store.call('close', [handle]),
    async () => store.end(),
  ];
  for (const giveUp of giveUps) {
    const handle = await store.open('create', ['o', '{}']);
    await store.call('write', [handle], randomBytes(10 * chunkBytes));
    assert.ok((await countChunks(nc, 'former')) > 2);
    await giveUp(handle);
    await until(async () => (await countChunks(nc, 'former')) === 2);
    assert.equal((await store.refused('write', [handle], 'x')).code, 'HS_HOST_CALL_INVALID');
    assert.equal((await store.refused('finish', [handle])).code, 'HS_HOST_CALL_INVALID');
    assert.ok((await store.read('o')).equals(former));
  }
});

test('A put whose invocation ends in the middle of a write leaves nothing', async () => {
  const store = await openBucket(nc, 'midway');
  const handle = await store.open('create', ['o', '{}']);
  const writing = store.refused('write', [handle], randomBytes(100 * chunkBytes));
  store.end();
  assert.equal((await writing).code, 'HS_HOST_CALL_INVALID');
  await until(async () => (await countChunks(nc, 'midway')) === 0);
  assert.equal(await store.call('get', ['o']), null);
});

test('A put whose invocation ends while it finishes is finished', async () => {
  const store = await openBucket(nc, 'finishing');
  const handle = await store.open('create', ['o', '{}']);
  await store.call('write', [handle], randomBytes(3 * chunkBytes));
  const finishing = store.call('finish', [handle]);
  store.end();
  assert.equal(toTold(await finishing).size, 3 * chunkBytes);
  assert.equal((await store.read('o')).length, 3 * chunkBytes);
});

test('A full bucket refuses a put, keeps what was there, and lets it be deleted', async () => {
  await createStore(nc, 'full', { max_bytes: 6 * chunkBytes });
  const store = openObjects(nc, objectBinding('full'));
  const former = randomBytes(3 * chunkBytes);
  await store.put('o', former);
  for (const name of ['o', 'other']) {
    const error = await store.refused('put', [name, '{}'], randomBytes(10 * chunkBytes));
    assert.equal(error.code, 'HS_OBJECT_BUCKET_FULL', error.message);
    assert.equal(await countChunks(nc, 'full'), 3);
    const handle = await store.open('create', [name, '{}']);
    const failed = await store.refused('write', [handle], randomBytes(10 * chunkBytes));
    assert.equal(failed.code, 'HS_OBJECT_BUCKET_FULL', failed.message);
    assert.equal((await store.refused('finish', [handle])).code, 'HS_OBJECT_BUCKET_FULL');
    await until(async () => (await countChunks(nc, 'full')) === 3);
  }
  assert.ok((await store.read('o')).equals(former));
  assert.equal(await store.call('info', ['other']), null);
  // Down to the last byte, so that there is no room for the mark of a deletion either.
  const filler = `$O.full.C.filler`;
  for (let size = chunkBytes; size > 0; size = size === 1 ? 0 : Math.ceil(size / 4)) {
    for (;;) {
      const answer = await nc.request(filler, Buffer.alloc(size));
      if (answer.json<{ error?: object }>().error !== undefined) break;
    }
  }
  await store.call('delete', ['o']);
  assert.equal(await store.call('get', ['o']), null);
});

test('An object that is replaced or deleted while it is read is told as cut', async () => {
  const store = await openBucket(nc, 'cut');
  const changes: readonly (() => Promise<unknown>)[] = [
    () => store.put('o', 'new'),
    () => store.call('delete', ['o']),
  ];
  for (const change of changes) {
    await store.put('o', randomBytes(20 * chunkBytes));
    const handle = await openObject(store, 'o');
    const { revision } = await store.info('get', 'o');
    await store.call('next', [handle]);
    await change();
    const { code, read } = await readOn(store, handle);
    assert.equal(code, 'HS_OBJECT_CUT');
    assert.ok(read <= OBJECT_LIMITS.chunksAhead, `${read} chunks were read`);
    assert.equal((await store.refused('next', [handle])).code, 'HS_HOST_CALL_INVALID');
    assert.equal((await store.refused('open', ['o', revision, 0])).code, 'HS_OBJECT_CUT');
  }
  await store.put('o', randomBytes(5 * chunkBytes));
  const handle = await openObject(store, 'o');
  await store.call('next', [handle]);
  await (await jetstreamManager(nc)).streams.delete('OBJ_cut');
  assert.equal((await readOn(store, handle)).code, 'HS_OBJECT_CUT');
});

test('Content that is not what was put is told as corrupt at its end', async () => {
  const store = await openBucket(nc, 'corrupt');
  const tamper = async (changes: object): Promise<void> => {
    const { nuid, ...meta } = await rawMeta('corrupt', 'o');
    const subject = `$O.corrupt.M.${Buffer.from('o').toString('base64')}`;
    await nc.request(subject, JSON.stringify({ nuid, ...meta, ...changes }));
  };
  const readEnd = async (): Promise<string> => (await readOn(store, await openObject(store, 'o'))).code;
  const other = `SHA-256=${createHash('sha256').update('other').digest('base64url')}=`;
  for (const [changes, outcome] of [
    [{}, 'whole'],
    [{ digest: other }, 'HS_OBJECT_CORRUPT'],
    [{ digest: '' }, 'HS_OBJECT_CORRUPT'],
    [{ digest: 'MD5=1' }, 'HS_OBJECT_CORRUPT'],
    [{ size: 10 }, 'HS_OBJECT_CORRUPT'],
    [{ size: 400_000 }, 'HS_OBJECT_CORRUPT'],
    [{ chunks: 2 }, 'HS_OBJECT_CORRUPT'],
    [{ chunks: 9 }, 'HS_OBJECT_CUT'],
  ] as const) {
    await store.put('o', randomBytes(300_000));
    await tamper(changes);
    assert.equal(await readEnd(), outcome, JSON.stringify(changes));
  }
  await store.put('o', 'small');
  await nc.request(`$O.corrupt.C.${(await rawMeta('corrupt', 'o')).nuid}`, 'more');
  assert.equal(await readEnd(), 'whole');
});

async function rawMeta(bucket: string, name: string): Promise<{ nuid: string; size: number }> {
  const manager = await jetstreamManager(nc);
  const subject = `$O.${bucket}.M.${Buffer.from(name).toString('base64')}`;
  const message = await manager.streams.getMessage(`OBJ_${bucket}`, { last_by_subj: subject });
  assert.ok(message !== null);
  return message.json();
}

test('An object that is too large to be read as a whole is refused by name of the limit, and streams', async () => {
  const store = await openBucket(nc, 'whole');
  const bytes = randomBytes(OBJECT_LIMITS.wholeBytes + 1);
  await store.put('o', bytes);
  const { revision } = await store.info('get', 'o');
  const error = await store.refused('open', ['o', revision, 1]);
  assert.equal(error.code, 'HS_OBJECT_TOO_LARGE');
  assert.match(error.message, /16MiB/);
  assert.ok((await store.read('o')).equals(bytes));
  await store.put('o', bytes.subarray(1));
  await openObject(store, 'o', 1);
});

test('Transfers are closed by their end, by close and with their invocation, and are bounded till then', async () => {
  const store = await openBucket(nc, 'bounded');
  const { openPerInvocation, openPerFunction } = OBJECT_LIMITS;
  await store.put('o', 'x');
  const openAll = async (caller: ObjectHandle): Promise<number> => {
    for (let count = 0; ; count += 1) {
      try {
        await openObject(caller, 'o');
      } catch (error) {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'HS_HOST_CALL_LIMIT');
        return count;
      }
    }
  };
  assert.equal(await openAll(store), openPerInvocation);
  for (const op of ['create', 'watch', 'open'])
    assert.equal(
      (await store.refused(op, op === 'watch' ? [0] : ['o', '{}'])).code,
      'HS_HOST_CALL_LIMIT',
      op,
    );
  const others = [2, 3, 4, 5].map((id) => withCaller(store.prepared, id));
  let open = openPerInvocation;
  for (const other of others) open += await openAll(other);
  assert.equal(open, openPerFunction);
  store.end();
  assert.equal(await openAll(store), openPerInvocation);
  for (const each of [store, ...others]) each.end();
  for (let round = 0; round < 3 * openPerInvocation; round += 1)
    assert.equal((await store.read('o')).toString(), 'x');
});

test('Handles that are none, or are open for something else, are refused', async () => {
  const store = await openBucket(nc, 'handles');
  await store.put('o', 'x');
  const download = await openObject(store, 'o');
  const upload = await store.open('create', ['p', '{}']);
  for (const handle of [0, -1, 99, 0.5, null, 'x', String(upload)]) {
    for (const op of ['next', 'write', 'finish'])
      assert.equal((await store.refused(op, [handle], 'x')).code, 'HS_HOST_CALL_INVALID', `${op} ${handle}`);
    assert.equal(await store.call('close', [handle]), null);
  }
  assert.equal((await store.refused('next', [upload])).code, 'HS_HOST_CALL_INVALID');
  for (const op of ['write', 'finish'])
    assert.equal((await store.refused(op, [download], 'x')).code, 'HS_HOST_CALL_INVALID');
  assert.equal((await store.refused('next', [])).code, 'HS_HOST_CALL_INVALID');
  assert.equal(toTold(await store.call('finish', [upload])).size, 0);
  assert.equal((await store.result('next', [download])).data?.length, 1);
});

test('A server that goes away in the middle of transfers is told', async () => {
  const own = await startTestNats();
  const connection = await connectTo(own, { maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  try {
    await createStore(connection, 'away');
    const store = openObjects(connection, objectBinding('away'));
    await store.put('o', randomBytes(30 * chunkBytes));
    const reading = await openObject(store, 'o');
    await store.call('next', [reading]);
    const writing = await store.open('create', ['o', '{}']);
    await store.call('write', [writing], randomBytes(2 * chunkBytes));
    // At once: one that is asked to stop may answer no request for seconds, and keep its connections.
    process.kill(own.pid, 'SIGKILL');
    await own[Symbol.asyncDispose]();
    const [read, written, got] = await Promise.all([
      readOn(store, reading),
      store.refused('write', [writing], randomBytes(10 * chunkBytes)),
      store.refused('get', ['o']),
    ]);
    assert.deepEqual(
      [read.code, written.code, got.code],
      ['HS_OBJECT_CUT', 'HS_OBJECT_CONNECTION_LOST', 'HS_OBJECT_CONNECTION_LOST'],
    );
  } finally {
    await connection.close();
    await own[Symbol.asyncDispose]();
  }
});

test('Nothing that a transfer does leaves a consumer', async () => {
  const streams = await (await jetstreamManager(nc)).streams.names().next();
  for (const stream of streams) {
    const { state } = await streamInfo(nc, stream.slice('OBJ_'.length));
    assert.equal(state.consumer_count, 0, stream);
  }
});
