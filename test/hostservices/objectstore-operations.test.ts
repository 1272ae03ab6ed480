import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { OBJECT_LIMITS } from '../../src/hostservices/objectstore/limits.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import {
  countChunks,
  countObjectConsumers,
  createStore,
  type ObjectHandle,
  objectBinding,
  openObjects,
  streamInfo,
  toTold,
} from '../support/objects.ts';

let server: TestNats;
let nc: NatsConnection;
let store: ObjectHandle;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  await createStore(nc, 'ops');
  store = openObjects(nc, objectBinding('ops'));
});

after(async () => {
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

test('An object that was put is got with what is said of it', async () => {
  const startedMs = Date.now();
  const put = await store.put('albums/1/a.txt', 'hello ü', {
    description: 'a greeting',
    headers: { 'X-Page': ['1', '2'], Lang: 'de' },
    metadata: { by: 'Ada', ['__proto__']: 'own' },
  });
  const got = await store.info('get', 'albums/1/a.txt');
  const { modified, ...rest } = got;
  assert.deepEqual(rest, {
    bucket: 'ops',
    name: 'albums/1/a.txt',
    size: 8,
    chunks: 1,
    digest: `SHA-256=${createHash('sha256').update('hello ü').digest('base64url')}=`,
    revision: put.revision,
    deleted: false,
    description: 'a greeting',
    headers: ['X-Page', '1', 'X-Page', '2', 'Lang', 'de'],
    metadata: { by: 'Ada', ['__proto__']: 'own' },
    link: null,
  });
  assert.ok(Math.abs(modified - startedMs) < 60_000, String(modified));
  assert.equal((await store.read('albums/1/a.txt')).toString(), 'hello ü');
});

test('Objects of every size come back as they went in, in chunks', async () => {
  const { chunkBytes } = OBJECT_LIMITS;
  for (const size of [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 10 * chunkBytes + 7]) {
    const bytes = randomBytes(size);
    const info = await store.put('sized', bytes);
    assert.deepEqual([info.size, info.chunks], [size, Math.ceil(size / chunkBytes)]);
    assert.ok((await store.read('sized')).equals(bytes), String(size));
  }
  assert.equal(await countObjectConsumers(nc, 'ops'), 0);
});

test('An object that was never put, and one that was deleted, is null', async () => {
  assert.equal(await store.call('get', ['never']), null);
  assert.equal(await store.call('info', ['never']), null);
  await store.put('gone', 'x');
  assert.equal(await store.call('delete', ['gone']), null);
  assert.equal(await store.call('get', ['gone']), null);
  assert.equal(await store.call('info', ['gone']), null);
  assert.equal(await store.call('delete', ['gone']), null);
  assert.equal(await store.call('delete', ['never']), null);
});

test('What is replaced or deleted leaves none of its chunks', async () => {
  await createStore(nc, 'tidy');
  const tidy = openObjects(nc, objectBinding('tidy'));
  const large = randomBytes(5 * OBJECT_LIMITS.chunkBytes);
  await tidy.put('a', large);
  await tidy.put('a', 'small');
  assert.equal(await countChunks(nc, 'tidy'), 1);
  await tidy.put('b', large);
  await tidy.call('delete', ['b']);
  await tidy.call('delete', ['a']);
  assert.equal(await countChunks(nc, 'tidy'), 0);
  await tidy.put('a', 'again');
  assert.equal((await tidy.read('a')).toString(), 'again');
});

test('Of many puts of one name at once one stays, whole, with no chunks of the others', async () => {
  await createStore(nc, 'raced');
  const raced = openObjects(nc, objectBinding('raced'));
  const values = Array.from({ length: 8 }, (_, index) => Buffer.alloc(300_000, index));
  await Promise.all(values.map((value) => raced.put('one', value)));
  const left = await raced.read('one');
  assert.ok(values.some((value) => value.equals(left)));
  assert.equal(await countChunks(nc, 'raced'), 3);
});

test('Names of all kinds of text are names, and each is its own', async () => {
  const names = [
    'a b',
    'a/b',
    'ü→😀',
    '*',
    '>',
    '$O.other.M.x',
    '..',
    'a.b',
    '"',
    'x'.repeat(1_024),
    '__proto__',
  ];
  await Promise.all(names.map((name) => store.put(name, `of ${name}`)));
  for (const name of names) assert.equal((await store.read(name)).toString(), `of ${name}`);
});

test('Names that are none are refused by every operation', async () => {
  for (const name of ['', 'a\nb', 'a\0', '\u007f', 'x'.repeat(1_025), 'ü'.repeat(513), '\ud800', 7, null]) {
    for (const op of ['get', 'info', 'put', 'create', 'open', 'delete', 'link']) {
      const error = await store.refused(op, [name, '{}', 'x']);
      assert.equal(error.code, 'HS_OBJECT_NAME_INVALID', `${op} ${JSON.stringify(name)}`);
    }
    if (name !== '')
      assert.equal((await store.refused('list', [name])).code, 'HS_OBJECT_NAME_INVALID', String(name));
  }
  assert.equal((await store.refused('get', [])).code, 'HS_OBJECT_NAME_INVALID');
});

test('Operations that an object store does not have are refused', async () => {
  for (const op of ['', 'purge', 'destroy', 'constructor', '__proto__', 'toString', 'GET', 'seal'])
    assert.equal((await store.refused(op, ['k'])).code, 'HS_HOST_CALL_INVALID', op);
});

test('Options that are none are refused, and nothing is put', async () => {
  const wrong: readonly (string | number | null)[] = [
    '',
    'x',
    '[]',
    'null',
    '1',
    null,
    7,
    '{"chunks":1}',
    '{"description":1}',
    '{"headers":[]}',
    '{"headers":{"a b":"c"}}',
    '{"headers":{"a":"b\\r\\nc"}}',
    '{"headers":{"a":[1]}}',
    '{"metadata":[]}',
    '{"metadata":{"a":1}}',
    '{"options":{"link":{"bucket":"other","name":"x"}}}',
    JSON.stringify({ description: 'x'.repeat(OBJECT_LIMITS.optionChars) }),
  ];
  for (const options of wrong) {
    for (const op of ['put', 'create'])
      assert.equal(
        (await store.refused(op, ['unput', options], 'x')).code,
        'HS_HOST_CALL_INVALID',
        String(options).slice(0, 60),
      );
  }
  assert.equal((await store.refused('put', ['unput'], 'x')).code, 'HS_HOST_CALL_INVALID');
  assert.equal(await store.call('get', ['unput']), null);
});

test('Objects are listed by prefix in the order of their names, without deleted ones', async () => {
  await createStore(nc, 'listed');
  const listed = openObjects(nc, objectBinding('listed'));
  assert.deepEqual(await listed.call('list', ['']), []);
  for (const name of ['b/2', 'a/1', 'a/2', 'ä', 'gone']) await listed.put(name, name);
  await listed.call('delete', ['gone']);
  await listed.call('link', ['link', 'a/1']);
  const names = async (prefix: string): Promise<readonly string[]> => {
    const value = await listed.call('list', [prefix]);
    assert.ok(Array.isArray(value));
    return value.map((each) => toTold(each).name);
  };
  assert.deepEqual(await names(''), ['a/1', 'a/2', 'b/2', 'link', 'ä']);
  assert.deepEqual(await names('a/'), ['a/1', 'a/2']);
  assert.deepEqual(await names('none'), []);
  assert.equal(await countObjectConsumers(nc, 'listed'), 0);
});

test('More objects than one call lists are refused, and a longer prefix helps', async () => {
  await createStore(nc, 'many');
  const many = openObjects(nc, objectBinding('many'));
  for (let index = 0; index <= OBJECT_LIMITS.listed; index += 1) {
    const name = `k/${index}`;
    const meta = { name, bucket: 'many', nuid: `n${index}`, size: 0, chunks: 0 };
    nc.publish(`$O.many.M.${Buffer.from(name).toString('base64url')}`, JSON.stringify(meta));
  }
  await many.put('other', 'v');
  assert.equal((await many.refused('list', [''])).code, 'HS_HOST_CALL_LIMIT');
  const value = await many.call('list', ['other']);
  assert.ok(Array.isArray(value) && value.length === 1);
  assert.equal(await countObjectConsumers(nc, 'many'), 0);
});

test('Many listings at once leave no consumer behind', async () => {
  const lists = await Promise.all(Array.from({ length: 10 }, () => store.call('list', [''])));
  assert.ok(lists.every((list) => Array.isArray(list) && list.length > 5));
  assert.equal(await countObjectConsumers(nc, 'ops'), 0);
});

test('A link leads to its object, and goes as an object does', async () => {
  await createStore(nc, 'linked');
  const linked = openObjects(nc, objectBinding('linked'));
  await linked.put('target', 'content');
  const made = toTold(await linked.call('link', ['alias', 'target']));
  assert.deepEqual(made.link, { bucket: 'linked', name: 'target' });
  assert.deepEqual((await linked.info('info', 'alias')).link, { bucket: 'linked', name: 'target' });
  assert.equal((await linked.info('get', 'alias')).name, 'target');
  assert.equal((await linked.read('alias')).toString(), 'content');
  await linked.call('delete', ['target']);
  assert.equal(await linked.call('get', ['alias']), null);
  await linked.put('other', 'else');
  await linked.call('link', ['alias', 'other']);
  assert.equal((await linked.read('alias')).toString(), 'else');
  await linked.call('delete', ['alias']);
  assert.equal(await linked.call('get', ['alias']), null);
  assert.equal((await linked.read('other')).toString(), 'else');
});

test('Links that lead elsewhere, to links, to nothing, or over an object are not made', async () => {
  await createStore(nc, 'kept');
  const kept = openObjects(nc, objectBinding('kept'));
  await kept.put('a', '1');
  await kept.put('b', '2');
  await kept.call('link', ['l', 'a']);
  for (const args of [
    ['n', 'a', 'ops'],
    ['n', 'a', ''],
    ['n', 'l'],
    ['b', 'a'],
    ['a', 'a'],
  ])
    assert.equal((await kept.refused('link', args)).code, 'HS_OBJECT_LINK_DENIED', args.join(' '));
  for (const args of [
    ['n', 'missing'],
    ['b', 'missing'],
  ])
    assert.equal((await kept.refused('link', args)).code, 'HS_OBJECT_MISSING', args.join(' '));
  assert.equal((await kept.refused('link', ['n'])).code, 'HS_OBJECT_NAME_INVALID');
  assert.equal((await kept.read('b')).toString(), '2');
  assert.equal(await kept.call('info', ['n']), null);
});

test('A planted link to another bucket, to a whole bucket or to a link is not followed', async () => {
  const foreign = await createStore(nc, 'secret');
  await foreign.putBlob({ name: 'x' }, Buffer.from('not yours'));
  const here = await createStore(nc, 'trap');
  const secret = await foreign.info('x');
  assert.ok(secret !== null);
  await here.link('cross', secret);
  await here.linkStore('whole', foreign);
  const trap = openObjects(nc, objectBinding('trap'));
  const plant = (name: string, link: object): Promise<unknown> =>
    nc.request(
      `$O.trap.M.${Buffer.from(name).toString('base64url')}`,
      JSON.stringify({ name, bucket: 'trap', nuid: 'N', size: 0, chunks: 0, options: { link } }),
    );
  await plant('chain1', { bucket: 'trap', name: 'chain2' });
  await plant('chain2', { bucket: 'trap', name: 'chain1' });
  await plant('absent', { bucket: 'unmade', name: 'x' });
  for (const name of ['cross', 'whole', 'chain1', 'chain2', 'absent']) {
    assert.equal((await trap.refused('get', [name])).code, 'HS_OBJECT_LINK_DENIED', name);
    const { revision } = await trap.info('info', name);
    assert.equal((await trap.refused('open', [name, revision, 0])).code, 'HS_OBJECT_CUT', name);
  }
  await assert.rejects(streamInfo(nc, 'unmade'), /stream not found/);
});

test('What is said of an object and cannot be true is told as corrupt, and can be put over and deleted', async () => {
  await createStore(nc, 'odd');
  const odd = openObjects(nc, objectBinding('odd'));
  await odd.put('bystander', randomBytes(300_000));
  const base = { name: 'odd', bucket: 'odd', nuid: 'N', size: 0, chunks: 0 };
  const wrong = [
    'no json',
    '[]',
    '{}',
    JSON.stringify({ ...base, nuid: '>' }),
    JSON.stringify({ ...base, nuid: '*' }),
    JSON.stringify({ ...base, nuid: '' }),
    JSON.stringify({ ...base, size: -1 }),
    JSON.stringify({ ...base, chunks: '1' }),
    JSON.stringify({ ...base, options: { link: 1 } }),
  ];
  for (const meta of wrong) {
    await nc.request(`$O.odd.M.${Buffer.from('odd').toString('base64url')}`, meta);
    assert.equal((await odd.refused('get', ['odd'])).code, 'HS_OBJECT_CORRUPT', meta);
    await odd.call('delete', ['odd']);
    assert.equal(await odd.call('get', ['odd']), null);
    await nc.request(`$O.odd.M.${Buffer.from('odd').toString('base64url')}`, meta);
    await odd.put('odd', 'fine');
    assert.equal((await odd.read('odd')).toString(), 'fine');
  }
  assert.equal((await odd.read('bystander')).length, 300_000);
});

test('A bucket that does not exist is told as missing by every operation', async () => {
  const missing = openObjects(nc, objectBinding('nowhere'));
  for (const [op, ...args] of [
    ['get', 'k'],
    ['info', 'k'],
    ['open', 'k', 1, 0],
    ['put', 'k', '{}'],
    ['link', 'k', 'l'],
    ['delete', 'k'],
    ['list', ''],
    ['watch', 0],
  ] as const) {
    const error = await missing.refused(op, args, 'v');
    assert.equal(error.code, 'HS_OBJECT_BUCKET_MISSING', `${op}: ${error.message}`);
    assert.match(error.message, /"nowhere"/);
  }
  const handle = await missing.open('create', ['k', '{}']);
  await missing.call('write', [handle], 'v');
  assert.equal((await missing.refused('finish', [handle])).code, 'HS_OBJECT_BUCKET_MISSING');
});
