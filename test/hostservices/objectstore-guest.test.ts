import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { ObjectStore } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { createHostServices } from '../../src/hostservices/index.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import { countChunks, countObjectConsumers, createStore, objectBinding } from '../support/objects.ts';
import { until } from '../support/turns.ts';

let server: TestNats;
let nc: NatsConnection;
let store: ObjectStore;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  store = await createStore(nc, 'photos');
  await createStore(nc, 'others');
});

after(async () => {
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

/** What a handler with this body answers, as JSON; `env.PHOTOS` and `env.OTHERS` are object stores. */
async function run(body: string): Promise<unknown> {
  const photos = objectBinding('photos');
  const others = objectBinding('others');
  const service = createHostServices(nc).objectstore;
  using probe = createTestFunction(handlerOf(body), {
    bindings: { PHOTOS: photos, OTHERS: others },
    prepared: { PHOTOS: service.prepare('PHOTOS', photos), OTHERS: service.prepare('OTHERS', others) },
    limits: { timeoutMs: 30_000, cpuMs: 5_000 },
  });
  return JSON.parse((await probe.text()) || 'null');
}

async function readBack(name: string): Promise<string> {
  return Buffer.from((await store.getBlob(name)) ?? 'none').toString();
}

test('Text, bytes and JSON values are put, and got in each form', async () => {
  const got = await run(`
    const { PHOTOS } = env;
    await PHOTOS.put('text', 'hello ü');
    await PHOTOS.put('bytes', Uint8Array.of(1, 2, 255));
    await PHOTOS.put('json', { a: [1] });
    await PHOTOS.put('empty', '');
    return [
      await (await PHOTOS.get('text')).text(),
      [...await (await PHOTOS.get('bytes')).bytes()],
      await (await PHOTOS.get('json')).json(),
      await (await PHOTOS.get('empty')).text(),
      await PHOTOS.get('never'),
      await PHOTOS.info('never'),
    ];`);
  assert.deepEqual(got, ['hello ü', [1, 2, 255], { a: [1] }, '', null, null]);
  assert.equal(await readBack('json'), '{"a":[1]}');
});

test('What is said of an object is what was said at its put', async () => {
  const told = await run(`
    const put = await env.PHOTOS.put('said', 'x', {
      description: 'd', headers: { 'X-A': ['1', '2'] }, metadata: { by: 'Ada' },
    });
    const { info } = await env.PHOTOS.get('said');
    return [
      info.bucket, info.name, info.size, info.chunks, info.description, info.metadata, info.link, info.deleted,
      info.headers.getAll('x-a'), info.modified instanceof Date, info.revision === put.revision,
      info.digest === put.digest, /^SHA-256=/.test(info.digest),
    ];`);
  assert.deepEqual(told, [
    ...['photos', 'said', 1, 1, 'd', { by: 'Ada' }, null, false],
    ...[['1', '2'], true, true, true, true],
  ]);
});

test('A stream, an async generator and the body of a response are put in pieces', async () => {
  const sizes = await run(`
    const { PHOTOS } = env;
    async function* generate() { for (let i = 0; i < 5; i += 1) yield new Uint8Array(100_000).fill(i); }
    await PHOTOS.put('generated', generate());
    const stream = new ReadableStream({
      start(c) { c.enqueue(Uint8Array.of(1)); c.enqueue(new Uint8Array(700_000).buffer); c.close(); },
    });
    await PHOTOS.put('streamed', stream);
    await PHOTOS.put('response', new Response('from a response').body);
    await PHOTOS.put('copied', (await PHOTOS.get('generated')).body, { metadata: { copy: '1' } });
    return (await PHOTOS.list()).filter(({ name }) => /ed$|^resp/.test(name)).map(({ name, size }) => [name, size]);`);
  assert.deepEqual(sizes, [
    ['copied', 500_000],
    ['generated', 500_000],
    ['response', 15],
    ['streamed', 700_001],
  ]);
  assert.equal(await readBack('response'), 'from a response');
  assert.deepEqual(await store.getBlob('copied'), await store.getBlob('generated'));
});

test('The body is a stream that other features take, and that can be given up', async () => {
  const bytes = randomBytes(2_000_000);
  await (await createStore(nc, 'others')).putBlob({ name: 'large' }, bytes);
  const got = await run(`
    const whole = new Uint8Array(await new Response((await env.OTHERS.get('large')).body).arrayBuffer());
    let read = 0;
    for await (const chunk of (await env.OTHERS.get('large')).body) { read += chunk.length; if (read > 300_000) break; }
    const unread = (await env.OTHERS.get('large')).body;
    await unread.cancel();
    const object = await env.OTHERS.get('large');
    const bytes = await object.bytes();
    return [object.body === object.body, bytes.length, whole.length, bytes.every((byte, at) => byte === whole[at]), read < 1_000_000];`);
  assert.deepEqual(got, [true, bytes.length, bytes.length, true, true]);
  assert.equal(await countObjectConsumers(nc, 'others'), 0);
});

test('A put whose source fails, or gives what is no bytes, leaves what was there', async () => {
  await store.putBlob({ name: 'firm' }, Buffer.from('former'));
  const before = await countChunks(nc, 'photos');
  const told = await run(`
    async function* failing(last) { yield new Uint8Array(600_000); if (last === undefined) throw new RangeError('mine'); yield last; }
    const told = [];
    for (const last of [undefined, 'text', 7, null]) {
      try { await env.PHOTOS.put('firm', failing(last)); told.push('put'); } catch (error) { told.push(error.name); }
    }
    return told;`);
  assert.deepEqual(told, ['RangeError', 'TypeError', 'TypeError', 'TypeError']);
  assert.equal(await readBack('firm'), 'former');
  assert.equal(await countChunks(nc, 'photos'), before);
});

test('A put that its invocation does not wait for leaves nothing', async () => {
  const before = await countChunks(nc, 'photos');
  await run(`
    async function* endless() { for (;;) yield new Uint8Array(50_000); }
    env.PHOTOS.put('abandoned', endless()).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    return 'done'.length;`);
  await until(async () => (await countChunks(nc, 'photos')) === before);
  assert.equal(await store.info('abandoned'), null);
});

test('A function catches the loss of its connection by a code of its own, whatever it does', async () => {
  const own = await startTestNats();
  const connection = await connectTo(own, { maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  try {
    await createStore(connection, 'lost');
    const binding = objectBinding('lost');
    const prepared = createHostServices(connection).objectstore.prepare('PHOTOS', binding);
    using probe = createTestFunction(
      handlerOf(`
        const codeOf = (promise) => promise.then(() => 'ok', ({ code }) => code);
        async function* endless() {
          for (;;) {
            yield new Uint8Array(50_000);
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }
        const { PHOTOS } = env;
        const codes = [
          await codeOf(PHOTOS.link('l', 'never')),
          await codeOf(PHOTOS.put('o', endless())),
          await codeOf(PHOTOS.put('o', 'x')),
          await codeOf(PHOTOS.get('o')),
          await codeOf(PHOTOS.info('o')),
          await codeOf(PHOTOS.list()),
          await codeOf(PHOTOS.link('l', 'o')),
          await codeOf(PHOTOS.delete('o')),
          await codeOf(PHOTOS.watch().next()),
        ];
        return [...new Set(codes)];`),
      { bindings: { PHOTOS: binding }, prepared: { PHOTOS: prepared }, limits: { timeoutMs: 30_000 } },
    );
    const answer = probe.text();
    await until(async () => (await countChunks(connection, 'lost')) > 0);
    const startedMs = performance.now();
    process.kill(own.pid, 'SIGKILL');
    await own[Symbol.asyncDispose]();
    assert.deepEqual(JSON.parse(await answer), ['HS_OBJECT_MISSING', 'HS_OBJECT_CONNECTION_LOST']);
    // Whoever waits for the time-out of each request takes five seconds for every one.
    assert.ok(performance.now() - startedMs < 20_000);
  } finally {
    await connection.close();
    await own[Symbol.asyncDispose]();
  }
});

test('Links, deletions and lists', async () => {
  const told = await run(`
    const { PHOTOS, OTHERS } = env;
    const info = await PHOTOS.put('l/target', 'content');
    await PHOTOS.link('l/alias', 'l/target');
    await PHOTOS.link('l/by info', info);
    const elsewhere = await OTHERS.put('x', 'x');
    const refused = await PHOTOS.link('l/cross', elsewhere).catch((error) => error.code);
    const seen = [await (await PHOTOS.get('l/alias')).text(), (await PHOTOS.info('l/by info')).link.name, refused];
    await PHOTOS.delete('l/target');
    await PHOTOS.delete('l/never');
    return [...seen, await PHOTOS.get('l/alias'), (await PHOTOS.list('l/')).map(({ name }) => name)];`);
  assert.deepEqual(told, ['content', 'l/target', 'HS_OBJECT_LINK_DENIED', null, ['l/alias', 'l/by info']]);
});

test('A watch is an async iterator, and its consumer goes with the loop and with the invocation', async () => {
  const seen = await run(`
    const seen = [];
    const watch = env.OTHERS.watch();
    const first = watch.next();
    await env.OTHERS.put('w1', '1');
    seen.push((await first).value.name);
    await env.OTHERS.delete('w1');
    for await (const { name, deleted } of watch) { seen.push([name, deleted]); break; }
    seen.push((await watch.next()).done);
    const left = env.OTHERS.watch({ existing: true });
    await left.next();
    return seen;`);
  assert.deepEqual(seen, ['w1', ['w1', true], true]);
  await until(async () => (await countObjectConsumers(nc, 'others')) === 0);
});

test('What goes wrong is a HostError with its code, which the function may catch', async () => {
  await store.putBlob({ name: 'huge' }, Buffer.alloc(17 * 1024 ** 2));
  const told = await run(`
    const { PHOTOS } = env;
    const attempts = [
      () => PHOTOS.get(''),
      () => PHOTOS.put('a\\nb', 'x'),
      () => PHOTOS.put('o', 'x', { metadata: { a: 1 } }),
      () => PHOTOS.put('o', 'x', { metadata: { a: 'x'.repeat(100_000) } }),
      async () => (await PHOTOS.get('huge')).text(),
      async () => {
        const object = await PHOTOS.get('huge');
        await PHOTOS.put('huge', 'other');
        for await (const chunk of object.body);
      },
    ];
    const told = [];
    for (const attempt of attempts)
      await attempt().then(() => told.push('fine'), (error) => told.push(error instanceof HostError ? error.code : String(error)));
    return told;`);
  assert.deepEqual(told, [
    'HS_OBJECT_NAME_INVALID',
    'HS_OBJECT_NAME_INVALID',
    'HS_HOST_CALL_INVALID',
    'HS_HOST_CALL_INVALID',
    'HS_OBJECT_TOO_LARGE',
    'HS_OBJECT_CUT',
  ]);
});
