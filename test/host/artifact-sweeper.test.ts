import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { listArtifacts, putArtifact } from '../../src/control/index.ts';
import { type Clock, createLogger, type LogRecord, systemClock } from '../../src/core/index.ts';
import { createOneAccount } from '../../src/host/accounts/index.ts';
import { type Bundle, wrapScript } from '../../src/host/bundle/index.ts';
import { ArtifactCache, ArtifactSweeper } from '../../src/host/deployments/index.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';

let server: TestNats;
let nc: NatsConnection;
let dir: string;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  dir = await mkdtemp(join(tmpdir(), 'hairspring-artifacts-'));
});

after(async () => {
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const bundle = (text: string): Promise<Bundle> =>
  wrapScript(`export default { message: () => "${text}" };`, 'a.mjs');

interface World extends Disposable {
  readonly sweeper: ArtifactSweeper;
  readonly cache: ArtifactCache;
  /** What functions name. */
  readonly named: Set<string>;
  readonly logs: LogRecord[];
}

/** A sweeper that looks when it is told to. */
function createWorld(fail?: () => never): World {
  const cache = new ArtifactCache(dir, nc);
  const named = new Set<string>();
  const logs: LogRecord[] = [];
  const clock: Clock = { ...systemClock, after: () => () => undefined };
  const sweeper = new ArtifactSweeper({
    nc,
    accounts: createOneAccount(nc, { servers: [server.url] }),
    cache,
    named: async () => fail?.() ?? named,
    periodMs: 0,
    clock,
    logger: createLogger((record) => logs.push(record), 'debug'),
  });
  return { sweeper, cache, named, logs, [Symbol.dispose]: () => sweeper[Symbol.dispose]() };
}

test('What a node that died has left half written is removed, and nothing else', async () => {
  using world = createWorld();
  const { digest, bytes } = await bundle('half');
  world.cache.store(digest, bytes);
  for (const name of [`${digest}.json.12345.tmp`, `${digest}.cache.12345.tmp`, 'notes.tmp'])
    await writeFile(join(dir, name), 'half');
  world.cache.removeDrafts();
  assert.deepEqual((await readdir(dir)).sort(), [`${digest}.json`, 'notes.tmp'].sort());
  await Promise.all([`${digest}.json`, 'notes.tmp'].map((name) => rm(join(dir, name))));
});

test('What nobody names, brings or finds from one look to the next is gone, file and code cache included', async () => {
  using world = createWorld();
  const { digest, bytes } = await bundle('alone');
  await putArtifact(nc, digest, bytes);
  await world.cache.ensure(digest);
  world.cache.storeCodeCache(digest, { tag: 'tag', bytes: Buffer.from('cache') });
  await world.sweeper.sweep();
  assert.deepEqual(await listArtifacts(nc), [digest]);
  assert.equal((await readdir(dir)).length, 2);
  await world.sweeper.sweep();
  assert.deepEqual([await listArtifacts(nc), await readdir(dir)], [[], []]);
});

test('What a function names stays, however old, and has its time when none does any more', async () => {
  using world = createWorld();
  const { digest, bytes } = await bundle('named');
  await putArtifact(nc, digest, bytes);
  await world.cache.ensure(digest);
  world.named.add(digest);
  for (let look = 0; look < 3; look += 1) await world.sweeper.sweep();
  assert.deepEqual(await listArtifacts(nc), [digest]);
  world.named.delete(digest);
  await world.sweeper.sweep();
  assert.deepEqual([await listArtifacts(nc), (await readdir(dir)).length], [[digest], 1]);
  await world.sweeper.sweep();
  assert.deepEqual([await listArtifacts(nc), await readdir(dir)], [[], []]);
});

test('What a client finds, or a deployment takes, between two looks stays until it is left alone', async () => {
  using world = createWorld();
  const { digest, bytes } = await bundle('wanted');
  for (let look = 0; look < 4; look += 1) {
    await putArtifact(nc, digest, bytes);
    await world.cache.ensure(digest);
    await world.sweeper.sweep();
  }
  assert.deepEqual([await listArtifacts(nc), (await readdir(dir)).length], [[digest], 1]);
  await world.sweeper.sweep();
  assert.deepEqual([await listArtifacts(nc), await readdir(dir)], [[], []]);
});

test('While it cannot be told what functions name, nothing goes, and the log says why', async () => {
  using world = createWorld(() => {
    throw new Error('no definitions');
  });
  const { digest, bytes } = await bundle('unknown');
  await putArtifact(nc, digest, bytes);
  await world.sweeper.sweep();
  await world.sweeper.sweep();
  assert.deepEqual(await listArtifacts(nc), [digest]);
  assert.match(String(world.logs[0]?.fields['error']), /no definitions/);
});

test('A file that cannot be kept leaves no draft, and says that the data folder is to blame', async () => {
  using world = createWorld();
  const { digest } = await bundle('unkept');
  const place = join(dir, `${digest}.cache`);
  await mkdir(place);
  const record = { tag: 'tag', bytes: Buffer.from('cache') };
  assert.throws(() => world.cache.storeCodeCache(digest, record), {
    code: 'HS_DATA_DIR',
    message: /data folder: E[A-Z]+$/,
  });
  await rmdir(place);
  assert.deepEqual(await readdir(dir), []);
});
