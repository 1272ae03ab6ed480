import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../src/control/index.ts';
import {
  type FunctionSpec,
  HairspringError,
  type NatsEndpoint,
  silentLogger,
  systemClock,
} from '../../src/core/index.ts';
import {
  loadOperator,
  type NamespaceAccess,
  type Operator,
  OperatorAccounts,
  ownerEndpoint,
  writeServerConfig,
} from '../../src/host/accounts/index.ts';
import { skipWithout, startTestNats, type TestNats } from '../support/nats.ts';
import { createSpec } from '../support/spec.ts';
import { until } from '../support/turns.ts';
import { assertDeaf } from './support/assert-deaf.ts';

const withoutAnonymous = await skipWithout('anonymous');
let folder: string;
let operator: Operator;
let server: TestNats;
let accounts: OperatorAccounts;
let red: NamespaceAccess;
let blue: NamespaceAccess;
const opened: NatsConnection[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hairspring-accounts-'));
  operator = loadOperator(join(folder, 'keys', 'operator.seed'));
  const anonymousNamespace = withoutAnonymous === false ? 'default' : undefined;
  const config = writeServerConfig({ dir: join(folder, 'keys'), operator, anonymousNamespace });
  server = await startTestNats({ extraArguments: ['--config', config] });
  accounts = await startAccounts();
  red = await accounts.open('red');
  blue = await accounts.open('blue');
  for (const [access, bucket] of [
    [red, 'mine'],
    [red, 'other'],
    [blue, 'mine'],
  ] as const) {
    const kv = await new Kvm(access.nc).create(bucket, { allow_direct: true });
    await kv.put('k', `kept in ${bucket}`);
  }
});

after(async () => {
  for (const nc of opened) await nc.close();
  await accounts?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function startAccounts(): Promise<OperatorAccounts> {
  const endpoint = { servers: [server.url] };
  return OperatorAccounts.connect({ operator, endpoint, clock: systemClock, logger: silentLogger });
}

async function connect(endpoint: NatsEndpoint): Promise<NatsConnection> {
  const nc = await connectNats(endpoint, { name: 'attacker', reconnect: false });
  opened.push(nc);
  return nc;
}

function functionWith(bindings: FunctionSpec['bindings'], id = 'f1'): FunctionSpec {
  return { ...createSpec({}), id, namespace: 'red', bindings };
}

/** What a function, in a cell of its own, connects with. */
async function endpointOf(spec: FunctionSpec, access = red): Promise<NatsEndpoint> {
  const cell = access.forCell(`cell of ${spec.id}`);
  await cell.connectAs();
  const credential = cell.credentialFor(spec, 'version');
  assert.ok(credential !== undefined);
  const { creds, inboxPrefix } = credential;
  return { servers: [server.url], creds, inboxPrefix };
}

/** The credential of a function, used by hand. */
async function connectAs(spec: FunctionSpec): Promise<NatsConnection> {
  return await connect(await endpointOf(spec));
}

/** What became of publishing: the server's refusal, or nothing. */
async function publishes(nc: NatsConnection, subject: string, reply?: string): Promise<string> {
  const heard: string[] = [];
  const status = (async () => {
    for await (const event of nc.status()) if (event.type === 'error') heard.push(event.error.message);
  })();
  nc.publish(subject, '', reply === undefined ? {} : { reply });
  await nc.flush();
  await nc.flush();
  void status;
  return heard.join();
}

const READ_MINE = {
  CACHE: { service: 'kv', bucket: 'mine', access: 'read', keys: '>', existing: true },
} as const;

test('The seed of the operator is readable by its owner alone, and the same at the next start', async () => {
  const file = join(folder, 'keys', 'operator.seed');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(join(folder, 'keys', 'nats-server.conf'))).mode & 0o777, 0o600);
  assert.equal(loadOperator(file).namespace('red').publicKey, operator.namespace('red').publicKey);
  assert.notEqual(operator.namespace('red').publicKey, operator.namespace('blue').publicKey);
  assert.ok(!(await readFile(join(folder, 'keys', 'nats-server.conf'), 'utf8')).includes(operator.key.seed));
});

test('A file that holds no seed is refused by name, without its text', async () => {
  const file = join(folder, 'broken.seed');
  await (await import('node:fs/promises')).writeFile(file, 'SUPERSECRET');
  assert.throws(
    () => loadOperator(file),
    (error) =>
      HairspringError.is(error) &&
      error.code === 'HS_DATA_DIR' &&
      error.message.includes(file) &&
      !error.message.includes('SUPERSECRET'),
  );
});

test('Nothing crosses from one namespace to another: not buckets, not subjects, not by any reply subject', async () => {
  const heard: string[] = [];
  blue.nc.subscribe('>', { callback: (_error, { subject }) => void heard.push(subject) });
  await blue.nc.flush();
  const owner = await connect(red.developerEndpoint());
  owner.publish('greet.ada');
  owner.publish('$KV.mine.k', 'overwritten');
  owner.publish('$JS.API.DIRECT.GET.KV_mine.$KV.mine.k', '', { reply: '$KV.mine.stolen' });
  await assert.rejects(owner.request('$NEX.SVC.blue.control.WPING', '', { timeout: 1_000 }), /no responders/);
  await owner.flush();
  await blue.nc.flush();
  assert.deepEqual(heard, []);
  const kv = await new Kvm(blue.nc).open('mine');
  assert.equal((await kv.get('k'))?.string(), 'kept in mine');
  const streams = await (await jetstreamManager(blue.nc)).streams.names().next();
  assert.deepEqual(streams, ['KV_mine']);
});

test('The user of a function does what its binding grants', async () => {
  const nc = await connectAs(functionWith(READ_MINE));
  const kv = await new Kvm(jetstream(nc, { checkAPI: false })).open('mine', { allow_direct: true });
  assert.match((await kv.get('k'))?.string() ?? '', /kept|overwritten/);
});

test('The user of a function may do nothing beyond its bindings', async () => {
  const nc = await connectAs(functionWith(READ_MINE));
  for (const subject of [
    '$KV.mine.k',
    '$KV.other.k',
    '$JS.API.DIRECT.GET.KV_other.$KV.other.k',
    '$JS.API.STREAM.INFO.KV_other',
    '$JS.API.STREAM.PURGE.KV_mine',
    '$JS.API.STREAM.DELETE.KV_mine',
    '$JS.API.STREAM.CREATE.copy',
    '$JS.API.CONSUMER.DURABLE.CREATE.KV_mine.d',
    '$JS.API.INFO',
    '$SYS.REQ.ACCOUNT.PING.CONNZ',
    '$SYS.REQ.CLAIMS.UPDATE',
    '$NEX.SVC.red.control.UNDEPLOY.x',
    '$NEX.FEED.red.logs.x.stdout',
    'greet.ada',
    '_INBOX.somebody.x',
  ]) {
    assert.match(await publishes(nc, subject), /Permissions Violation/i, subject);
  }
  for (const subject of [
    '>',
    'greet.>',
    '_INBOX.>',
    '_HSBOX.>',
    '_HSBOX.f2.>',
    '$KV.mine.>',
    '$NEX.FEED.red.>',
  ]) {
    const subscription = nc.subscribe(subject, { max: 1 });
    await assert.rejects(
      (async () => {
        for await (const _message of subscription) break;
        throw new Error('it was heard');
      })(),
      /Permissions Violation/i,
      subject,
    );
  }
});

test('A function without bindings of NATS has no user at all', () => {
  assert.equal(red.forCell('c0').credentialFor(functionWith({}, 'bare'), 'version'), undefined);
  const web = {
    WEB: { service: 'http', urls: ['https://example.com/*'], methods: [], private: false },
  } as const;
  assert.equal(red.forCell('c0').credentialFor(functionWith(web, 'web'), 'version'), undefined);
});

test('The user of a cell answers and hears messages, and has nothing of JetStream, control plane or inboxes', async () => {
  const nc = await connect(await red.forCell('c1').connectAs());
  nc.subscribe('greet.*', { queue: 'q', callback: (_error, message) => void message.respond('hello') });
  await nc.flush();
  const owner = await connect(red.developerEndpoint());
  assert.equal((await owner.request('greet.ada', '')).string(), 'hello');
  for (const subject of [
    '$KV.mine.k',
    '$JS.API.STREAM.DELETE.KV_mine',
    '$NEX.SVC.red.control.WPING',
    '$SYS.REQ.X',
  ])
    assert.match(await publishes(nc, subject), /Permissions Violation/i, subject);
  for (const subject of [
    '_INBOX.>',
    '_HSBOX.f1.>',
    '$KV.>',
    '$JS.>',
    '$NEX.SVC.red.control.WPING',
    '$NEX.SVC.red.control.AUCTION',
    '$NEX.SVC.red.control.HS.SECRET.KEY',
    '$NEX.SVC.system.control.PING',
  ])
    await assertDeaf(nc, subject);
});

test('After undeploy the user of a function is cut off at once and does not come back; others stay', async () => {
  const spec = functionWith(READ_MINE, 'leaving');
  const endpoint = await endpointOf(spec);
  const nc = await connect(endpoint);
  const bystander = await connectAs(functionWith(READ_MINE, 'staying'));
  red.withdraw('leaving');
  await nc.closed();
  await assert.rejects(connect(endpoint), { code: 'HS_NATS_REFUSED' });
  await bystander.flush();
  assert.equal(bystander.isClosed(), false);
});

test('A cell that is gone leaves no user behind, neither its own nor one of a function; another cell stays', async () => {
  const [cell, living] = [red.forCell('c2'), red.forCell('c3')];
  const spec = functionWith(READ_MINE, 'served');
  const own = await cell.connectAs();
  const { creds = '', inboxPrefix = '' } = cell.credentialFor(spec, 'version') ?? {};
  const users = [own, { servers: [server.url], creds, inboxPrefix }];
  const connected = await Promise.all(users.map(connect));
  const bystander = await connect(await living.connectAs());
  cell.withdraw();
  cell.withdraw();
  for (const nc of connected) await nc.closed();
  for (const user of users) await assert.rejects(connect(user), { code: 'HS_NATS_REFUSED' });
  await bystander.flush();
  assert.equal(bystander.isClosed(), false);
  await connect(await living.connectAs());
});

test('Many cells that begin at once are let in each', async () => {
  const cells = Array.from({ length: 10 }, (_, index) => red.forCell(`many${index}`));
  for (const nc of await Promise.all(cells.map(async (cell) => connect(await cell.connectAs()))))
    assert.equal(nc.isClosed(), false);
  for (const cell of cells) cell.withdraw();
});

test('However many functions had users in cells that are gone, one that is revoked is cut off', async () => {
  for (let cells = 0; cells < 12; cells += 1) {
    const dead = red.forCell(`dead${cells}`);
    for (let at = 0; at < 1_000; at += 1)
      assert.ok(dead.credentialFor(functionWith(READ_MINE, `dead${cells}-${at}`), 'version') !== undefined);
    for (let at = 0; at < 500; at += 1) red.withdraw(`dead${cells}-${at}`);
    dead.withdraw();
  }
  const spec = functionWith(READ_MINE, 'last');
  const nc = await connectAs(spec);
  red.withdraw('last');
  await nc.closed();
});

test('However many functions of a living cell had users that are revoked, it is let in on, and so are others', async () => {
  const cell = red.forCell('busy');
  for (let at = 0; at < 12_000; at += 1) {
    const id = `busy-${at}`;
    assert.ok(cell.credentialFor(functionWith(READ_MINE, id), 'version') !== undefined);
    red.withdraw(id);
  }
  assert.equal(cell.isWorn, true);
  const cells = [cell, red.forCell('after'), red.forCell('after that')];
  for (const one of cells) assert.equal((await connect(await one.connectAs())).isClosed(), false);
  assert.equal(cell.isWorn, false);
  for (const one of cells) one.withdraw();
});

test('What an earlier process gave out is void when the node starts again, and owners keep their credentials', async () => {
  const owner = blue.developerEndpoint();
  const spec = functionWith(READ_MINE, 'earlier');
  const earlier = await startAccounts();
  const endpoint = await endpointOf(spec, await earlier.open('blue'));
  const nc = await connect(endpoint);
  // An earlier process is gone, with what it would have told the server yet.
  await earlier[Symbol.asyncDispose]();
  // Whether or not the namespace is used again.
  await using later = await startAccounts();
  await nc.closed();
  await later.open('blue');
  await assert.rejects(connect(endpoint), { code: 'HS_NATS_REFUSED' });
  await (await connect(owner)).flush();
});

test('Whoever connects without credentials is in the account of the one namespace that is said, and in no other', {
  skip: withoutAnonymous,
}, async () => {
  await accounts.open('default');
  const nc = await connect({ servers: [server.url] });
  assert.deepEqual(await (await jetstreamManager(nc)).streams.names().next(), []);
  await assert.rejects(nc.request('$NEX.SVC.red.control.WPING', '', { timeout: 1_000 }), /no responders/);
});

test('Credentials whose signature is wrong are as good as none on a server that takes clients without, and reach no other account', {
  skip: withoutAnonymous,
}, async () => {
  await accounts.open('default');
  const { creds } = ownerEndpoint(operator.node, { servers: [server.url] }, 'forged');
  const [, token = ''] = /USER JWT-+\s+(\S+)/.exec(creds) ?? [];
  const [head, body, signature = ''] = token.split('.');
  const other = signature.startsWith('A') ? 'B' : 'A';
  const forged = creds.replace(token, `${head}.${body}.${other}${signature.slice(1)}`);
  const [nobody, forger] = [
    await connect({ servers: [server.url] }),
    await connect({ servers: [server.url], creds: forged }),
  ];
  // A message of the one reaches the other, so both are in the account of the anonymous.
  const heard = nobody.subscribe('forged', { max: 1 });
  await nobody.flush();
  forger.publish('forged');
  for await (const { subject } of heard) assert.equal(subject, 'forged');
  assert.deepEqual(await (await jetstreamManager(forger)).streams.names().next(), []);
  // A token that is well signed, by a key that the server does not know, is refused.
  const stranger = loadOperator(join(folder, 'strange', 'operator.seed'));
  const { creds: strange } = ownerEndpoint(stranger.node, { servers: [server.url] }, 'stranger');
  await assert.rejects(connect({ servers: [server.url], creds: strange }), { code: 'HS_NATS_REFUSED' });
});

test('The account of the nodes hears no namespace, and a namespace reaches of it only its own control subjects', async () => {
  const node = await connect(ownerEndpoint(operator.node, { servers: [server.url] }, 'test'));
  const asked: string[] = [];
  node.subscribe('>', { callback: (_error, { subject }) => void asked.push(subject) });
  await node.flush();
  const owner = await connect(red.developerEndpoint());
  for (const subject of [
    '$NEX.SVC.red.control.WPING',
    '$NEX.SVC.blue.control.WPING',
    '$NEX.SVC.red.control.HS.INVOKE.f',
    '$NEX.SVC.system.control.LAMEDUCK.N1',
    '$NEX.SVC.system.control.HS.NAMESPACE.blue',
    '$NEX.SVC.system.control.PING',
    'greet.ada',
    '$KV.hairspring-functions.x',
  ])
    owner.publish(subject);
  await owner.flush();
  await until(() => asked.includes('$NEX.SVC.system.control.PING'));
  const own = asked.filter((subject) => !subject.startsWith('_'));
  assert.deepEqual(own, ['$NEX.SVC.red.control.WPING', '$NEX.SVC.system.control.PING']);
});

test('When the server is gone the accounts of many namespaces are closed as soon as that of one', async () => {
  const config = writeServerConfig({
    dir: join(folder, 'lost'),
    operator,
    anonymousNamespace: undefined,
  });
  await using lost = await startTestNats({ extraArguments: ['--config', config] });
  const endpoint = { servers: [lost.url] };
  const many = await OperatorAccounts.connect({
    operator,
    endpoint,
    clock: systemClock,
    logger: silentLogger,
  });
  const cells = [];
  for (let index = 0; index < 8; index += 1) {
    const cell = (await many.open(`n${index}`)).forCell('c1');
    await cell.connectAs();
    cells.push(cell);
  }
  await lost[Symbol.asyncDispose]();
  for (const cell of cells) cell.withdraw();
  const startedMs = performance.now();
  await many[Symbol.asyncDispose]();
  // One waits a second for the server to hear of it.
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < 5_000, `it took ${tookMs} ms`);
});
