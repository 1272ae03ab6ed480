import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Msg, NatsConnection } from '@nats-io/nats-core';
import { serveNode } from '../../src/control/index.ts';
import { createLogger, type LogRecord, silentLogger, systemClock } from '../../src/core/index.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import { startGuardedNats } from './support/guarded-nats.ts';
import { createMemoryNode } from './support/memory-node.ts';
import { assertErrorReply, request } from './support/raw.ts';

const node = createMemoryNode();
let server: TestNats;
let nc: NatsConnection;
let endpoints: AsyncDisposable;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  endpoints = await serveNode(nc, node, { logger: silentLogger, clock: systemClock });
});

after(async () => {
  await endpoints?.[Symbol.asyncDispose]();
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

interface Described {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly metadata: object;
  readonly endpoints: readonly Readonly<Record<string, unknown>>[];
}

test('The service is found by PING, by its name and by its id', async () => {
  const { id, ...ping } = (await request(nc, '$SRV.PING')).json<Described>();
  assert.deepEqual(ping, {
    type: 'io.nats.micro.v1.ping_response',
    name: 'nexnode',
    version: '0.1.0',
    metadata: {},
  });
  for (const subject of ['$SRV.PING.nexnode', `$SRV.PING.nexnode.${id}`]) {
    assert.equal((await request(nc, subject)).json<Described>().id, id);
  }
});

test('INFO lists every endpoint with its subject and queue group', async () => {
  const info = (await request(nc, '$SRV.INFO.nexnode')).json<Described>();
  assert.equal(info.type, 'io.nats.micro.v1.info_response');
  assert.deepEqual(
    info.endpoints.find(({ name }) => name === 'AuctionRequest'),
    {
      name: 'AuctionRequest',
      subject: '$NEX.SVC.*.control.AUCTION',
      queue_group: node.nodeId,
      metadata: {},
    },
  );
  assert.deepEqual(
    info.endpoints.map(({ name }) => name),
    [
      'PingPlacementTags',
      'PingNexus',
      'PingNode',
      'GetNodeInfo',
      'SetLameduck',
      'GetAgentIdByName',
      'AuctionRequest',
      'StopWorkload',
      'AuctionDeployWorkload',
      'CloneWorkload',
      'NamespacePingRequest',
      'GetFunctionInfo',
      'GetLiveFunction',
      'CancelInvocations',
      'TapInvocations',
      'OpenNamespace',
      'GetSecretKey',
      'SetSecret',
      'ListSecrets',
      'DeleteSecret',
    ],
  );
});

test('STATS counts requests and errors and keeps the last error', async () => {
  await request(nc, '$NEX.SVC.default.control.WPING', { namespace: 'default', filter: null });
  await request(nc, '$NEX.SVC.default.control.WPING', { namespace: 'other', filter: null });
  const stats = (await request(nc, '$SRV.STATS')).json<Described & { started: string }>();
  assert.equal(stats.type, 'io.nats.micro.v1.stats_response');
  assert.ok(!Number.isNaN(Date.parse(stats.started)));
  const list = stats.endpoints.find(({ name }) => name === 'NamespacePingRequest');
  assert.equal(list?.['num_requests'], 2);
  assert.equal(list?.['num_errors'], 1);
  assert.equal(list?.['last_error'], '403:Namespace mismatch: default != other');
  assert.ok(Number(list?.['processing_time']) > 0);
});

test('Past 64 requests in progress of an endpoint a namespace is refused at once, past 1,024 everybody, and others are served', async () => {
  const original = node.list;
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  let begun = 0;
  node.list = async (namespace, filter) => {
    begun += 1;
    await opened;
    return await original(namespace, filter);
  };
  const list = (namespace: string): Promise<Msg> =>
    request(nc, `$NEX.SVC.${namespace}.control.WPING`, { namespace, filter: null });
  const errorsOf = async (): Promise<unknown> => {
    const { endpoints: all } = (await request(nc, '$SRV.STATS')).json<Described>();
    return all.find(({ name }) => name === 'NamespacePingRequest')?.['num_errors'];
  };
  const before = Number(await errorsOf());
  const taken = Array.from({ length: 64 }, () => list('default'));
  const refused = await list('default');
  assertErrorReply(refused, '429', 'HS_CONTROL_OVERLOADED');
  assert.match(refused.headers?.get('Nats-Service-Error') ?? '', /64 of NamespacePingRequest .* "default"/);
  assert.equal(refused.headers?.get('Hairspring-Retryable'), 'true');
  assert.equal(begun, 64);
  assert.equal(await errorsOf(), before + 1);
  for (let count = 64; count < 1_024; count += 1) taken.push(list(`n${count % 15}`));
  assertErrorReply(await list('another'), '429', 'HS_CONTROL_OVERLOADED');
  assert.equal(begun, 1_024);
  const ping = await request(nc, '$NEX.SVC.system.control.PING', { filter: null });
  assert.equal(ping.headers?.get('Hairspring-Error') ?? '', '');
  open();
  for (const answer of await Promise.all(taken))
    assert.equal(answer.headers?.get('Hairspring-Error') ?? '', '');
  for (const namespace of ['default', 'another'])
    assert.equal((await list(namespace)).headers?.get('Hairspring-Error') ?? '', '');
  node.list = original;
});

test('A reply larger than the server lets through becomes a coded error', async () => {
  const original = node.list;
  node.list = async () => {
    const [summary] = await original('default', []);
    return [{ ...summary, name: 'x'.repeat(2_000_000) }] as never;
  };
  const reply = await request(nc, '$NEX.SVC.default.control.WPING', { namespace: 'default', filter: null });
  node.list = original;
  assert.equal(reply.headers?.get('Hairspring-Error'), 'HS_REPLY_TOO_LARGE');
});

test('A user who may not subscribe to the control subjects cannot become a node', async () => {
  await using guarded = await startGuardedNats('{ publish: ">", subscribe: { deny: "$NEX.>" } }');
  const own = await connectTo(guarded, { user: 'ada', pass: 'secret' });
  await assert.rejects(serveNode(own, node, { logger: silentLogger, clock: systemClock }), {
    code: 'HS_NATS_REFUSED',
    message: 'Cannot listen on "$NEX.SVC.system.control.PTAGS": permission denied',
  });
  await own.close();
});

test('A user without discovery serves all the same, and the log says so', async () => {
  const warnings: LogRecord[] = [];
  const logger = createLogger((record) => warnings.push(record), 'warn');
  await using guarded = await startGuardedNats('{ publish: ">", subscribe: { deny: "$SRV.>" } }');
  await using own = await connectTo(guarded, { user: 'ada', pass: 'secret' });
  await using _serving = await serveNode(own, createMemoryNode(), { logger, clock: systemClock });
  const ping = await request(own, '$NEX.SVC.system.control.PING', { filter: null });
  assert.equal(ping.json<{ state: string }>().state, 'running');
  assert.equal(warnings[0]?.fields['subject'], '$SRV.PING');
});
