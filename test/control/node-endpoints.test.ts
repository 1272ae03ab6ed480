import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { NatsConnection } from '@nats-io/nats-core';
import { serveNode } from '../../src/control/index.ts';
import { createLogger, HairspringError, type LogRecord, silentLogger } from '../../src/core/index.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import { createManualClock } from './support/manual-clock.ts';
import { createMemoryNode, type MemoryNode, requestFor } from './support/memory-node.ts';
import { assertErrorReply, assertSilent, request } from './support/raw.ts';

const CONTROL = '$NEX.SVC.default.control';
const SYSTEM = '$NEX.SVC.system.control';
const clock = createManualClock();
const records: LogRecord[] = [];

let server: TestNats;
let nc: NatsConnection;
let node: MemoryNode;
let endpoints: AsyncDisposable;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  node = createMemoryNode();
  const logger = createLogger((record) => records.push(record), 'debug');
  endpoints = await serveNode(nc, node, { logger, clock });
});

after(async () => {
  await endpoints?.[Symbol.asyncDispose]();
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  node.nodeState = 'running';
  node.deployError = undefined;
  node.held.clear();
  records.length = 0;
});

async function bid(tags: Record<string, string> | null = null): Promise<string> {
  const reply = await request(nc, `${CONTROL}.AUCTION`, {
    agent_type: 'javascript',
    auction_id: 'a',
    tags,
  });
  return reply.json<{ bidder_id: string }>().bidder_id;
}

test('An auction is answered with a bid that carries schema, lifecycles and key', async () => {
  const reply = await request(nc, `${CONTROL}.AUCTION`, {
    agent_type: 'javascript',
    auction_id: 'a',
    tags: { zone: 'a', 'nex.nexus': 'nexus' },
    unknown: 'ignored',
  });
  const { bidder_id, ...rest } = reply.json<{ bidder_id: string }>();
  assert.match(bidder_id, /^[A-Za-z0-9]{22}$/);
  assert.deepEqual(rest, {
    start_request_schema: '{"type":"object"}',
    supported_lifecycles: ['function'],
    xkey: 'XTEST',
  });
});

test('An auction for another type, for tags that the node lacks, or in lame duck is met with silence', async () => {
  const auction = { agent_type: 'javascript', auction_id: 'a', tags: {} };
  await assertSilent(nc, `${CONTROL}.AUCTION`, { ...auction, agent_type: 'native' });
  await assertSilent(nc, `${CONTROL}.AUCTION`, { ...auction, tags: { zone: 'b' } });
  node.nodeState = 'lameduck';
  await assertSilent(nc, `${CONTROL}.AUCTION`, auction);
});

test('A request without a required key is refused with 400, and null stands for the zero value', async () => {
  const reply = await request(nc, `${CONTROL}.AUCTION`, { agent_type: 'javascript', auction_id: 'a' });
  assertErrorReply(reply, '400', 'HS_REQUEST_INVALID');
  assert.match(reply.headers?.get('Nats-Service-Error') ?? '', /"tags" is required/);
  for (const [subject, body] of [
    [`${SYSTEM}.PING`, {}],
    [`${SYSTEM}.PING`, 'not json'],
    [`${SYSTEM}.LAMEDUCK.${node.nodeId}`, {}],
    [`${SYSTEM}.LAMEDUCK.${node.nodeId}`, { delay: 'soon' }],
    [`${CONTROL}.ADEPLOY.${await bid()}`, { ...requestFor('hello') }],
    [`${CONTROL}.UNDEPLOY.x`, {}],
    [`${CONTROL}.CLONE.x`, { namespace: 'default' }],
    [`${CONTROL}.WPING`, { namespace: 'default' }],
    [`${CONTROL}.WPING`, { namespace: 7, filter: null }],
    [`${CONTROL}.HS.TAP`, { lease_ms: 1e9 }],
  ] as const) {
    const answer = await request(nc, subject, body);
    assertErrorReply(answer, '400', 'HS_REQUEST_INVALID');
  }
  const ok = await request(nc, `${CONTROL}.WPING`, { namespace: 'default', filter: null });
  assert.deepEqual(ok.json(), []);
});

test('A deploy to an open bid reaches the node, as often as the bid lives', async () => {
  const bidId = await bid();
  for (const name of ['one', 'two']) {
    const reply = await request(nc, `${CONTROL}.ADEPLOY.${bidId}`, {
      ...requestFor(name),
      namespace: 'default',
      tags: null,
      metadata: { owner: 'ada', count: 3 },
    });
    const started = reply.json<{ id: string; name: string }>();
    assert.equal(started.name, name);
    assert.deepEqual(node.held.get(started.id)?.metadata, { owner: 'ada', count: '3' });
  }
});

test('A deploy to an unknown or expired bid is met with silence', async () => {
  const body = { ...requestFor('hello'), namespace: 'default' };
  await assertSilent(nc, `${CONTROL}.ADEPLOY.nobodysbid`, body);
  const bidId = await bid();
  clock.advance(9_999);
  assert.equal(
    (await request(nc, `${CONTROL}.ADEPLOY.${bidId}`, body)).json<{ name: string }>().name,
    'hello',
  );
  clock.advance(1);
  await assertSilent(nc, `${CONTROL}.ADEPLOY.${bidId}`, body);
});

test('A deploy of another type is refused with 404', async () => {
  const body = { ...requestFor('hello'), namespace: 'default', workload_type: 'native' };
  const reply = await request(nc, `${CONTROL}.ADEPLOY.${await bid()}`, body);
  assertErrorReply(reply, '404', 'HS_WORKLOAD_TYPE');
});

test('A namespace in the body that is not the one in the subject is refused with 403, but not for system', async () => {
  const foreign = { ...requestFor('hello'), namespace: 'other' };
  const bidId = await bid();
  for (const [subject, body] of [
    [`${CONTROL}.ADEPLOY.${bidId}`, foreign],
    [`${CONTROL}.UNDEPLOY.x`, { namespace: 'other' }],
    [`${CONTROL}.CLONE.x`, { namespace: 'other', new_target_xkey: '' }],
    [`${CONTROL}.WPING`, { namespace: 'other', filter: null }],
  ] as const) {
    assertErrorReply(await request(nc, subject, body), '403', 'HS_NAMESPACE_MISMATCH');
  }
  const reply = await request(nc, `${SYSTEM}.ADEPLOY.${bidId}`, foreign);
  assert.equal(reply.json<{ name: string }>().name, 'hello');
});

test('A namespace lists its own workloads, system lists all', async () => {
  for (const namespace of ['default', 'other']) await node.deploy({ ...requestFor('hello'), namespace });
  const own = await request(nc, `${CONTROL}.WPING`, { namespace: 'default', filter: null });
  assert.deepEqual(
    own.json<{ namespace: string }[]>().map(({ namespace }) => namespace),
    ['default'],
  );
  const all = await request(nc, `${SYSTEM}.WPING`, { namespace: 'system', filter: ['hello'] });
  assert.equal(all.json<unknown[]>().length, 2);
  const none = await request(nc, `${SYSTEM}.WPING`, { namespace: 'system', filter: ['absent'] });
  assert.deepEqual(none.json(), []);
});

test('An undeploy is answered whether or not the node holds the workload', async () => {
  const { id } = await node.deploy({ ...requestFor('hello'), namespace: 'default' });
  const missing = await request(nc, `${CONTROL}.UNDEPLOY.absent`, { namespace: 'default' });
  assert.deepEqual(missing.json(), {
    id: 'absent',
    workload_type: '',
    stopped: false,
    message: 'workload not found',
  });
  const stopped = await request(nc, `${CONTROL}.UNDEPLOY.${id}`, { namespace: 'default' });
  assert.deepEqual(stopped.json(), { id, workload_type: 'javascript', stopped: true, message: '' });
});

test('A clone gives the bare deploy request, and silence for what is not there or not the caller’s', async () => {
  const deployed = { ...requestFor('hello'), namespace: 'default' };
  const { id } = await node.deploy(deployed);
  const body = { namespace: 'default', new_target_xkey: 'X' };
  assert.deepEqual((await request(nc, `${CONTROL}.CLONE.${id}`, body)).json(), deployed);
  await assertSilent(nc, `${CONTROL}.CLONE.absent`, body);
  await assertSilent(nc, `$NEX.SVC.other.control.CLONE.${id}`, { ...body, namespace: 'other' });
});

test('A ping and the tags are answered under system, and under no other namespace', async () => {
  const ping = (await request(nc, `${SYSTEM}.PING.${node.nodeId}`, { filter: null })).json<{
    tags: Record<string, string>;
  }>();
  const { tags, ...rest } = ping;
  assert.deepEqual(rest, {
    node_id: node.nodeId,
    agent_count: 1,
    start_time: '2029-12-31T23:58:59.500Z',
    state: 'running',
    version: '0.1.0',
    xkey: 'XTEST',
  });
  assert.equal(tags['nex.os'], process.platform);
  assert.equal(tags['nex.lameduck'], 'false');
  assert.equal(tags['nex.node'], 'test-node');
  assert.equal(tags['zone'], 'a');
  assert.deepEqual((await request(nc, `${SYSTEM}.PTAGS`)).json(), tags);
  await assertSilent(nc, `${SYSTEM}.PING`, { filter: { zone: 'b' } });
  await assert.rejects(request(nc, `${CONTROL}.PING`, { filter: null }), /no responders/i);
});

test('The state of the node has its agent in Nex’s form', async () => {
  const info = (await request(nc, `${SYSTEM}.INFO.${node.nodeId}`, {})).json<{
    uptime: string;
    node_agent_summaries: { agent_id: string; agent_health: string; agent_summary: object }[];
  }>();
  const elapsedS = (clock.now() - node.startedAt.getTime()) / 1_000;
  assert.equal(info.uptime, `${Math.floor(elapsedS / 60)}m${elapsedS % 60}s`);
  const [agent] = info.node_agent_summaries;
  assert.equal(agent?.agent_id, node.agentId);
  assert.equal(agent?.agent_health, 'healthy');
  assert.deepEqual(agent?.agent_summary, {
    name: 'hairspring-javascript',
    type: 'javascript',
    version: '0.1.0',
    state: 'running',
    start_time: '2029-12-31T23:58:59.500Z',
    supported_lifecycles: 'function',
    workload_count: 0,
  });
});

test('The agent is found by its name, and other names are met with silence', async () => {
  const reply = await request(nc, `${SYSTEM}.AGENTID.${node.nodeId}`, 'hairspring-javascript');
  assert.equal(reply.string(), node.agentId);
  await assertSilent(nc, `${SYSTEM}.AGENTID.${node.nodeId}`, 'somebody');
  assertErrorReply(await request(nc, `${SYSTEM}.AGENTID.${node.nodeId}`), '400', 'HS_REQUEST_INVALID');
});

test('Lame duck takes Go durations, is silent for other tags, and shows in the tags', async () => {
  await assertSilent(nc, `${SYSTEM}.LAMEDUCK.${node.nodeId}`, { delay: '1m0s', tag: { zone: 'b' } });
  assert.deepEqual(node.lameDucks, []);
  const reply = await request(nc, `${SYSTEM}.LAMEDUCK.${node.nodeId}`, { delay: '1m0.5s' });
  assert.equal(reply.json<{ success: boolean }>().success, true);
  assert.deepEqual(node.lameDucks, [60_500]);
  const tags = (await request(nc, `${SYSTEM}.PTAGS`)).json<Record<string, string>>();
  assert.equal(tags['nex.lameduck'], 'true');
});

test('The state of a function is found by name and by id, and what is not there is 404', async () => {
  const { id } = await node.deploy({ ...requestFor('hello'), namespace: 'default' });
  for (const key of ['hello', id]) {
    const info = (await request(nc, `${CONTROL}.HS.INFO.${key}`, {})).json<{ definition: { id: string } }>();
    assert.equal(info.definition.id, id);
  }
  const missing = await request(nc, `$NEX.SVC.other.control.HS.INFO.hello`, {});
  assertErrorReply(missing, '404', 'HS_FUNCTION_NOT_FOUND');
});

test('A tap reaches the node with the end of its lease', async () => {
  await request(nc, `${CONTROL}.HS.TAP`, { lease_ms: 10_000 });
  assert.deepEqual(node.taps.at(-1), { namespace: 'default', untilMs: clock.now() + 10_000 });
});

test('A coded error of the node reaches the caller whole', async () => {
  node.deployError = new HairspringError('HS_NEXFILE_INVALID', 'Cannot use "cpu": 9 s exceeds 1 s', {
    hint: 'Lower limits.cpu',
    position: { file: 'Nexfile', line: 4, column: 2 },
    cause: new TypeError('secret'),
  });
  const reply = await request(nc, `${CONTROL}.ADEPLOY.${await bid()}`, {
    ...requestFor('hello'),
    namespace: 'default',
  });
  assertErrorReply(reply, '400', 'HS_NEXFILE_INVALID');
  assert.deepEqual(reply.json<{ hairspring: object }>().hairspring, {
    code: 'HS_NEXFILE_INVALID',
    message: 'Cannot use "cpu": 9 s exceeds 1 s',
    hint: 'Lower limits.cpu',
    position: { file: 'Nexfile', line: 4, column: 2 },
  });
  assert.doesNotMatch(reply.string(), /secret/);
});

test('An error of any length is answered with a text that fits into a reply', async () => {
  const long = 'y'.repeat(3e6);
  const position = { file: 'Nexfile', line: 4, column: 2, lineText: long };
  node.deployError = new HairspringError('HS_FUNCTION_LOAD', long, { hint: long, position });
  const reply = await request(nc, `${CONTROL}.ADEPLOY.${await bid()}`, {
    ...requestFor('hello'),
    namespace: 'default',
  });
  assert.equal(reply.headers?.get('Hairspring-Error'), 'HS_FUNCTION_LOAD');
  assert.ok(reply.data.length < 10_000, `${reply.data.length} bytes`);
  for (const { fields } of records) assert.ok(JSON.stringify(fields).length < 10_000);
});

test('An unknown failure is masked for the caller and whole in the log, under one error id', async () => {
  node.deployError = new TypeError('secret path');
  const reply = await request(nc, `${CONTROL}.ADEPLOY.${await bid()}`, {
    ...requestFor('hello'),
    namespace: 'default',
  });
  assertErrorReply(reply, '500', 'HS_INTERNAL');
  assert.equal(reply.json<{ error: string }>().error, 'internal server error');
  assert.doesNotMatch(reply.string(), /secret/);
  const logged = records.find(({ level }) => level === 'error');
  assert.equal(logged?.fields['errorId'], reply.json<{ error_id: string }>().error_id);
  assert.match(String(logged?.fields['error']), /secret path/);
});

test('A request whose reply subject begins with $ is neither answered nor carried out', async () => {
  const { id } = await node.deploy({ ...requestFor('hello'), namespace: 'default' });
  nc.publish(`${CONTROL}.UNDEPLOY.${id}`, JSON.stringify({ namespace: 'default' }), {
    reply: '$KV.other.key',
  });
  await request(nc, `${CONTROL}.WPING`, { namespace: 'default', filter: null });
  assert.ok(node.held.has(id));
});

test('The node beats each ten seconds with its agent', async () => {
  const beats: string[] = [];
  nc.subscribe(`${SYSTEM}.HEARTBEAT.${node.nodeId}`, { callback: (_, msg) => void beats.push(msg.string()) });
  await nc.flush();
  clock.advance(20_000);
  await nc.flush();
  const beat = JSON.stringify({ registrations: `${node.agentId} [javascript]` });
  assert.deepEqual(beats, [beat, beat]);
});

test('A disposed node answers what it received, tells its end, and leaves no responder', async () => {
  const other = createMemoryNode();
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  other.list = async () => {
    entered.resolve();
    await release.promise;
    return [];
  };
  await using second = await startTestNats();
  const own = await connectTo(second);
  const stopped: string[] = [];
  const serving = await serveNode(own, other, { logger: silentLogger, clock });
  own.subscribe(`$NEX.FEED.${other.nodeId}.events.NODESTOPPED`, {
    callback: (_, msg) => void stopped.push(msg.string()),
  });
  const pending = request(own, `${CONTROL}.WPING`, { namespace: 'default', filter: null });
  await entered.promise;
  const disposing = serving[Symbol.asyncDispose]();
  assert.equal(serving[Symbol.asyncDispose](), disposing);
  release.resolve();
  await disposing;
  assert.deepEqual((await pending).json(), []);
  assert.deepEqual(stopped, [JSON.stringify({ id: other.nodeId })]);
  await assert.rejects(request(own, `${SYSTEM}.PING`, { filter: null }), /no responders/i);
  await own.close();
});
