import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { OBJECT_LIMITS } from '../../src/hostservices/objectstore/limits.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { startNatsOfFile } from '../support/nats-of-file.ts';
import {
  countChunks,
  countObjectConsumers,
  createStore,
  objectBinding,
  openObjects,
  toTold,
} from '../support/objects.ts';
import { until } from '../support/turns.ts';

const { chunkBytes } = OBJECT_LIMITS;

const { nc } = await startNatsOfFile();

/** The same connection, on which the answer to the request that `isLost` picks does not arrive. */
function losingAnswers(isLost: (subject: string) => boolean): NatsConnection {
  return new Proxy(nc, {
    get(target, key) {
      if (key === 'request')
        return async (...args: Parameters<NatsConnection['request']>) => {
          const answer = await target.request(...args);
          if (isLost(args[0])) throw new errors.TimeoutError();
          return answer;
        };
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('A put of which only the last acknowledgement is lost is known to be there', async () => {
  await createStore(nc, 'acked');
  const plain = openObjects(nc, objectBinding('acked'));
  await plain.put('o', randomBytes(3 * chunkBytes));
  let lost = 0;
  const connection = losingAnswers((subject) => {
    if (!subject.startsWith('$O.acked.M.')) return false;
    lost += 1;
    return true;
  });
  const bytes = randomBytes(2 * chunkBytes);
  const info = await openObjects(connection, objectBinding('acked')).put('o', bytes);
  assert.equal(lost, 1);
  assert.equal((await plain.info('info', 'o')).revision, info.revision);
  assert.ok((await plain.read('o')).equals(bytes));
  assert.equal(await countChunks(nc, 'acked'), 2);
});

test('A put of which nobody knows whether it is there keeps its chunks if it is', async () => {
  await createStore(nc, 'unknown');
  const plain = openObjects(nc, objectBinding('unknown'));
  await plain.put('o', 'former');
  let isAway = false;
  let lookUps = 0;
  const connection = losingAnswers((subject) => {
    if (subject.startsWith('$O.unknown.M.')) isAway = true;
    else if (!isAway && subject.startsWith('$JS.API.DIRECT.GET.OBJ_unknown.')) lookUps += 1;
    return isAway;
  });
  const bytes = randomBytes(2 * chunkBytes);
  const error = await openObjects(connection, objectBinding('unknown')).refused('put', ['o', '{}'], bytes);
  assert.equal(error.code, 'HS_OBJECT_UNAVAILABLE');
  lookUps = 0;
  assert.ok((await plain.read('o')).equals(bytes));
  // Tried again once the server answers, which is when it finds that the chunks are in use.
  isAway = false;
  await until(async () => lookUps > 0);
  for (let turn = 0; turn < 10; turn += 1) await nc.flush();
  assert.ok((await plain.read('o')).equals(bytes));
});

test('A put of which a chunk is not acknowledged leaves nothing, and the former object whole', async () => {
  await createStore(nc, 'unacked');
  const plain = openObjects(nc, objectBinding('unacked'));
  await plain.put('o', 'former');
  for (const lostChunk of [1, 5, 10]) {
    let seen = 0;
    const connection = losingAnswers((subject) => {
      if (!subject.startsWith('$O.unacked.C.')) return false;
      seen += 1;
      return seen === lostChunk;
    });
    const store = openObjects(connection, objectBinding('unacked'));
    const error = await store.refused('put', ['o', '{}'], randomBytes(10 * chunkBytes));
    assert.equal(error.code, 'HS_OBJECT_UNAVAILABLE', String(lostChunk));
    assert.equal(await countChunks(nc, 'unacked'), 1);
    assert.equal((await plain.read('o')).toString(), 'former');
  }
});

test('Where the server lets less through at once, chunks are smaller', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-objects-'));
  try {
    await writeFile(join(folder, 'nats.conf'), 'max_payload: 20000');
    await using own = await startTestNats({ extraArguments: ['-c', join(folder, 'nats.conf')] });
    const connection = await connectTo(own);
    await createStore(connection, 'narrow');
    const store = openObjects(connection, objectBinding('narrow'));
    const bytes = randomBytes(90_000);
    const info = await store.put('o', bytes, { metadata: { a: 'x'.repeat(10_000) } });
    assert.equal(info.chunks, 5);
    assert.ok((await store.read('o')).equals(bytes));
    const { code } = await store.refused(
      'put',
      ['p', JSON.stringify({ description: 'x'.repeat(25_000) })],
      bytes,
    );
    assert.equal(code, 'HS_HOST_CALL_INVALID');
    assert.equal(await countChunks(connection, 'narrow'), 5);
    await connection.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('A put goes on when the server has started again, also where that takes less at once', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'hairspring-objects-'));
  const storeDir = join(folder.path, 'store');
  const file = join(folder.path, 'nats.conf');
  await writeFile(file, 'max_payload: 20000');
  await using first = await startTestNats({ storeDir });
  const connection = await connectTo(first, { maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  try {
    await createStore(connection, 'narrower');
    const store = openObjects(connection, objectBinding('narrower'));
    const bytes = randomBytes(300_000);
    const handle = await store.open('create', ['o', '{}']);
    await store.call('write', [handle], bytes.subarray(0, 140_000));
    await connection.flush();
    await first[Symbol.asyncDispose]();
    await using _again = await startTestNats({ storeDir, port: first.port, extraArguments: ['-c', file] });
    await until(async () => connection.info?.max_payload === 20_000);
    await until(async () => (await store.call('info', ['none']).catch(() => 'away')) === null);
    await store.call('write', [handle], bytes.subarray(140_000));
    await store.call('finish', [handle]);
    assert.ok((await store.read('o')).equals(bytes));
  } finally {
    await connection.close();
  }
});

test('A watch goes on when the server has started again, and so does all else', async () => {
  const storeDir = await mkdtemp(join(tmpdir(), 'hairspring-objects-'));
  const first = await startTestNats({ storeDir });
  const connection = await connectTo(first, { maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  try {
    await createStore(connection, 'kept');
    const store = openObjects(connection, objectBinding('kept'));
    const handle = await store.open('watch', [0]);
    await store.put('before', 'x');
    assert.equal(toTold(await store.call('next', [handle])).name, 'before');
    const waiting = store.call('next', [handle]);
    await first[Symbol.asyncDispose]();
    await using again = await startTestNats({ storeDir, port: first.port });
    assert.equal(again.port, first.port);
    await until(async () => (await store.call('put', ['after', '{}'], 'y').catch(() => null)) !== null);
    assert.equal(toTold(await waiting).name, 'after');
    assert.equal((await store.read('after')).toString(), 'y');
    store.end();
    await until(async () => (await countObjectConsumers(connection, 'kept')) === 0);
    await connection.close();
  } finally {
    await connection.close();
    await first[Symbol.asyncDispose]();
    await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
  }
});
