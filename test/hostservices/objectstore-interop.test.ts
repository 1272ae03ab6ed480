import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { ObjectStore } from '@nats-io/obj';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { OBJECT_LIMITS } from '../../src/hostservices/objectstore/limits.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import {
  countChunks,
  createStore,
  type ObjectHandle,
  objectBinding,
  openObjects,
} from '../support/objects.ts';

let server: TestNats;
let nc: NatsConnection;
let theirs: ObjectStore;
let ours: ObjectHandle;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  theirs = await createStore(nc, 'shared');
  ours = openObjects(nc, objectBinding('shared'));
});

after(async () => {
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

const SIZES = [0, 1, 1_000, OBJECT_LIMITS.chunkBytes, OBJECT_LIMITS.chunkBytes + 1, 1_000_000];

test('The client library reads what was put here, with all that is said of it', async () => {
  for (const size of SIZES) {
    const bytes = randomBytes(size);
    await ours.put('from us', bytes, {
      description: 'some bytes',
      headers: { 'X-A': ['1', '2'] },
      metadata: { by: 'us' },
    });
    assert.ok(Buffer.from((await theirs.getBlob('from us')) ?? 'none').equals(bytes), String(size));
    const info = await theirs.info('from us');
    assert.deepEqual(
      [info?.size, info?.description, info?.headers?.values('X-A'), info?.metadata, info?.deleted],
      [size, 'some bytes', ['1', '2'], { by: 'us' }, false],
    );
    assert.equal(info?.options?.max_chunk_size, OBJECT_LIMITS.chunkBytes);
  }
});

test('What the client library put is read here, with all that is said of it', async () => {
  const given = headers();
  given.append('X-A', '1');
  given.append('X-A', '2');
  for (const size of SIZES) {
    for (const max_chunk_size of [10_000, 700_000]) {
      const bytes = randomBytes(size);
      const put = await theirs.putBlob(
        {
          name: 'from them',
          description: 'some bytes',
          headers: given,
          metadata: { by: 'them' },
          options: { max_chunk_size },
        },
        bytes,
      );
      assert.ok((await ours.read('from them')).equals(bytes), `${size} in ${max_chunk_size}`);
      const info = await ours.info('get', 'from them');
      assert.deepEqual(
        [info.size, info.chunks, info.description, info.headers, info.metadata, info.digest],
        [size, put.chunks, 'some bytes', ['X-A', '1', 'X-A', '2'], { by: 'them' }, put.digest],
      );
    }
  }
});

test('Either replaces and deletes what the other put, without chunks left over', async () => {
  const bytes = randomBytes(500_000);
  await createStore(nc, 'turns');
  const library = await createStore(nc, 'turns');
  const host = openObjects(nc, objectBinding('turns'));
  await host.put('o', bytes);
  await library.putBlob({ name: 'o' }, Buffer.from('theirs'));
  assert.equal((await host.read('o')).toString(), 'theirs');
  await host.put('o', bytes);
  await library.delete('o');
  assert.equal(await host.call('get', ['o']), null);
  await library.putBlob({ name: 'o' }, bytes);
  await host.call('delete', ['o']);
  assert.equal(await library.getBlob('o'), null);
  assert.equal((await library.info('o'))?.deleted, true);
  assert.equal(await countChunks(nc, 'turns'), 0);
});

test('Links, lists and watches are understood both ways', async () => {
  await createStore(nc, 'links');
  const library = await createStore(nc, 'links');
  const host = openObjects(nc, objectBinding('links'));
  await host.put('a', 'content');
  await host.call('link', ['by us', 'a']);
  const info = await library.info('a');
  assert.ok(info !== null);
  await library.link('by them', info);
  assert.equal(Buffer.from((await library.getBlob('by us')) ?? '').toString(), 'content');
  assert.deepEqual((await library.info('by us'))?.options?.link, { bucket: 'links', name: 'a' });
  assert.equal((await host.read('by them')).toString(), 'content');
  const names = (await library.list()).map(({ name }) => name).sort();
  assert.deepEqual(names, ['a', 'by them', 'by us']);
  const listed = await host.call('list', ['']);
  assert.ok(Array.isArray(listed));
  assert.deepEqual(
    listed.map(({ name }) => name),
    names,
  );
});
