import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { serveNode } from '../../src/control/index.ts';
import { silentLogger } from '../../src/core/index.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { createMemoryNode, requestFor } from './support/memory-node.ts';
import { assertErrorReply, assertSilent, request } from './support/raw.ts';
import { CONTROL, SYSTEM, startServedNode } from './support/served-node.ts';

const served = await startServedNode();
after(() => served[Symbol.asyncDispose]());
beforeEach(() => served.reset());
const { nc, node, clock, bid } = served;

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
    assert.equal(node.waits.at(-1), 60_000, 'where the caller does not say');
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

test('What is live under a name is told with its version and bindings, and to its namespace alone', async () => {
  await node.deploy({ ...requestFor('lively'), namespace: 'default' });
  const live = (await request(nc, `${CONTROL}.HS.LIVE.lively`, {})).json<object>();
  assert.deepEqual(live, { node_id: node.nodeId, version: '0123456789ab', bindings: {} });
  const missing = await request(nc, '$NEX.SVC.other.control.HS.LIVE.lively', {});
  assertErrorReply(missing, '404', 'HS_FUNCTION_NOT_FOUND');
});

test('A tap reaches the node with the end of its lease', async () => {
  await request(nc, `${CONTROL}.HS.TAP`, { lease_ms: 10_000 });
  assert.deepEqual(node.taps.at(-1), { namespace: 'default', untilMs: clock.now() + 10_000 });
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
