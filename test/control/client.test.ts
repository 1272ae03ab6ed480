/** A client of the control plane finds nodes, places functions on them and names what they hold. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { NatsConnection } from '@nats-io/nats-core';
import { type ControlClient, createControlClient } from '../../src/control/index.ts';
import { type Clock, HairspringError, systemClock } from '../../src/core/index.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { code } from './support/error-code.ts';
import { createMemoryNode, requestFor } from './support/memory-node.ts';
import { type ServedNodes, serveNodes } from './support/serve-nodes.ts';

const one = createMemoryNode({ nodeName: 'one', tags: { zone: 'a' } });
const two = createMemoryNode({ nodeName: 'two', tags: { zone: 'b' } });

let nodes: ServedNodes;
let nc: NatsConnection;
let client: ControlClient;
let system: ControlClient;

before(async () => {
  nodes = await serveNodes([one, two]);
  nc = nodes.nc;
  client = createControlClient(nc, { namespace: 'default' });
  system = createControlClient(nc, { namespace: 'system' });
});

after(() => nodes?.[Symbol.asyncDispose]());

beforeEach(() => {
  for (const node of [one, two]) {
    node.held.clear();
    node.nodeState = 'running';
    node.deployError = undefined;
  }
});

test('All nodes are found, and one is asked by its id', async () => {
  const found = await client.nodes();
  assert.deepEqual(found.map(({ node_id }) => node_id).sort(), [one.nodeId, two.nodeId].sort());
  const info = await client.nodeInfo(two.nodeId);
  assert.equal(info.tags['nex.node'], 'two');
  await assert.rejects(client.nodeInfo('NABSENT'), code('HS_NO_NODE', /NABSENT/));
});

test('A deploy goes to a node that has the tags', async () => {
  for (const [placement, node] of [
    [{ tags: { zone: 'b' } }, two],
    [{ nodeId: one.nodeId }, one],
  ] as const) {
    const started = await client.deploy(requestFor('hello'), placement);
    assert.equal(started.name, 'hello');
    assert.equal(node.held.get(started.id)?.namespace, 'default');
  }
});

test('A node hears how long the caller of a deployment waits, which is a minute by default', async () => {
  const patient = createControlClient(nc, { namespace: 'default', timeoutMs: 90_000 });
  await patient.deploy(requestFor('hello'), { nodeId: one.nodeId });
  await client.deploy(requestFor('hello'), { nodeId: one.nodeId });
  assert.deepEqual(one.waits.slice(-2), [90_000, 60_000]);
});

test('A deploy to a node that is not there says so, and what the id is where its name was given', async () => {
  const missing = 'no node that answers has the id';
  await assert.rejects(
    client.deploy(requestFor('hello'), { nodeId: 'NABSENT' }),
    (error) =>
      code('HS_NO_NODE', new RegExp(`${missing} "NABSENT"$`))(error) &&
      HairspringError.from(error).hint === '`hairspring nodes` lists those that answer',
  );
  await assert.rejects(
    client.deploy(requestFor('hello'), { nodeId: 'two' }),
    (error) =>
      code('HS_NO_NODE', new RegExp(`${missing} "two"$`))(error) &&
      HairspringError.from(error).hint?.endsWith(two.nodeId) === true,
  );
});

test('A deploy that nobody bids for says why of each node', async () => {
  two.nodeState = 'lameduck';
  await assert.rejects(
    client.deploy(requestFor('hello'), { tags: { zone: 'b' } }),
    (error) =>
      code('HS_NO_NODE', new RegExp(`${two.nodeId} is in state lameduck`))(error) &&
      code('HS_NO_NODE', new RegExp(`${one.nodeId} lacks the tags`))(error),
  );
  await assert.rejects(
    client.deploy({ ...requestFor('hello'), workload_type: 'native' }),
    code('HS_NO_NODE', /does not run type "native"/),
  );
  await assert.rejects(
    client.deploy({ ...requestFor('hello'), workload_lifecycle: 'service' }),
    code('HS_NO_NODE', /lifecycle "service"/),
  );
});

test('What the node says of a deploy reaches the caller with hint and position', async () => {
  const position = { file: 'src/index.ts', line: 3, column: 7, lineText: 'let x = ;' };
  one.deployError = new HairspringError('HS_SOURCE_INVALID', 'Cannot build "hello"', {
    hint: 'Mend it',
    position,
  });
  await assert.rejects(client.deploy(requestFor('hello'), { nodeId: one.nodeId }), {
    code: 'HS_SOURCE_INVALID',
    message: 'Cannot build "hello"',
    hint: 'Mend it',
    position,
  });
});

test('A list is whole however many functions there are, in replies that every server lets through', async () => {
  for (let index = 0; index < 4_000; index += 1) {
    const name = `f-${String(index).padStart(4, '0')}`;
    one.held.set(`id-${name}`, { ...requestFor(name), namespace: 'default' });
  }
  const names = (await client.list()).map(({ name }) => name);
  assert.deepEqual([names.length, names[0], names.at(-1)], [4_000, 'f-0000', 'f-3999']);
  const sizes: number[] = [];
  const body = JSON.stringify({ namespace: 'default', filter: null });
  const replies = await nc.requestMany('$NEX.SVC.default.control.WPING', body, {
    strategy: 'stall',
    maxWait: 5_000,
    stall: 500,
  });
  for await (const { data } of replies) sizes.push(data.length);
  assert.ok(sizes.length > 3, `${sizes}`);
  assert.ok(Math.max(...sizes) <= 256 * 1024 + 2, `${sizes}`);
});

test('A list has the functions of all nodes once each, and system sees every namespace', async () => {
  const shared = { ...requestFor('shared'), namespace: 'default' };
  one.held.set('id-shared', shared);
  two.held.set('id-shared', shared);
  two.held.set('id-b', { ...requestFor('b'), namespace: 'default' });
  one.held.set('id-other', { ...requestFor('a'), namespace: 'other' });
  assert.deepEqual(
    (await client.list()).map(({ name }) => name),
    ['b', 'shared'],
  );
  assert.deepEqual(
    (await client.list({ filter: ['id-b'] })).map(({ name }) => name),
    ['b'],
  );
  assert.deepEqual(
    (await system.list()).map(({ namespace, name }) => `${namespace}/${name}`),
    ['default/b', 'default/shared', 'other/a'],
  );
});

test('An undeploy takes the name or the id, whichever node holds it', async () => {
  two.held.set('id-b', { ...requestFor('b'), namespace: 'default' });
  assert.deepEqual(await client.undeploy('b'), {
    id: 'id-b',
    workload_type: 'javascript',
    stopped: true,
    message: '',
  });
  one.held.set('id-a', { ...requestFor('a'), namespace: 'other' });
  await assert.rejects(
    client.undeploy('id-a'),
    code('HS_FUNCTION_NOT_FOUND', /"id-a" in namespace "default"/),
  );
  assert.equal((await system.undeploy('id-a')).stopped, true);
  assert.deepEqual([one.held.size, two.held.size], [0, 0]);
});

test('An undeploy that takes longer than its client waits is not taken for a function that is not there', async () => {
  two.held.set('id-busy', { ...requestFor('busy'), namespace: 'default' });
  const original = two.undeploy;
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  two.undeploy = async (namespace, id) => {
    const stopped = await original(namespace, id);
    await finished;
    return stopped;
  };
  const message = /^Cannot undeploy "busy": no node said within 500 ms that it is done$/;
  const hasty = createControlClient(nc, { namespace: 'default', timeoutMs: 500 });
  await assert.rejects(hasty.undeploy('busy'), code('HS_NATS_UNREACHABLE', message));
  finish();
  two.undeploy = original;
});

test('What takes longer is waited for as long as the client is told to', async () => {
  const mute = nc.subscribe('$NEX.SVC.mute.control.>', {
    callback: (_, msg) => {
      if (!msg.subject.endsWith('.AUCTION')) return;
      msg.respond(
        JSON.stringify({
          bidder_id: 'bid',
          start_request_schema: '',
          supported_lifecycles: ['function'],
          xkey: '',
        }),
      );
    },
  });
  const hasty = createControlClient(nc, { namespace: 'mute', timeoutMs: 300 });
  const { namespace: _, ...request } = { ...requestFor('slow'), namespace: 'mute' };
  const startedMs = performance.now();
  await assert.rejects(
    // The other nodes hear of the auction as well, and would serve it.
    hasty.deploy(request, { nodeId: 'bid' }),
    code('HS_NATS_UNREACHABLE', /Cannot deploy "slow": no answer in time/),
  );
  assert.ok(performance.now() - startedMs < 30_000);
  mute.unsubscribe();
});

test('A name that system finds in several namespaces is refused with the ids', async () => {
  one.held.set('id-1', { ...requestFor('a'), namespace: 'default' });
  two.held.set('id-2', { ...requestFor('a'), namespace: 'other' });
  await assert.rejects(system.undeploy('a'), code('HS_USAGE', /id-1 in "default", id-2 in "other"/));
  assert.deepEqual([one.held.size, two.held.size], [1, 1]);
});

/** A client whose time passes only while it waits to ask again: two seconds each time, after `onSleep`. */
function impatientClient(onSleep: (sleptMs: number) => void): ControlClient {
  let sleptMs = 0;
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => sleptMs,
    sleep: async () => {
      sleptMs += 2_000;
      onSleep(sleptMs);
    },
  };
  return createControlClient(nc, { namespace: 'default', clock });
}

test('A name that was undeployed and deployed anew is found as soon as all nodes have seen it', async () => {
  one.held.set('id-anew', { ...requestFor('a'), namespace: 'default' });
  two.held.set('id-before', { ...requestFor('a'), namespace: 'default' });
  const asking = impatientClient((sleptMs) => {
    assert.deepEqual([one.held.size, two.held.size], [1, 1]);
    if (sleptMs === 4_000) two.held.clear();
  });
  assert.equal((await asking.undeploy('a')).id, 'id-anew');
});

test('A name of which nodes go on to tell differently is refused with the ids', async () => {
  let waitedMs = 0;
  const asking = impatientClient((sleptMs) => {
    waitedMs = sleptMs;
  });
  one.held.set('id-1', { ...requestFor('a'), namespace: 'default' });
  two.held.set('id-2', { ...requestFor('a'), namespace: 'default' });
  await assert.rejects(asking.undeploy('a'), code('HS_USAGE', /id-1 in "default", id-2 in "default"/));
  assert.deepEqual([one.held.size, two.held.size, waitedMs], [1, 1, 6_000]);
});

test('A function’s state and deploy request are had by name and id', async () => {
  const request = { ...requestFor('hello'), namespace: 'default' };
  two.held.set('id-hello', request);
  for (const key of ['hello', 'id-hello']) {
    const info = await client.info(key);
    assert.equal(info.nodeId, two.nodeId);
    assert.equal(info.definition.name, 'hello');
    assert.equal(info.stats.invocations, 3);
    assert.deepEqual(await client.clone(key), request);
  }
  await assert.rejects(client.info('absent'), code('HS_FUNCTION_NOT_FOUND'));
  await assert.rejects(client.clone('absent'), code('HS_FUNCTION_NOT_FOUND'));
  await assert.rejects(client.info('a.b'), code('HS_USAGE', /"a\.b"/));
});

test('Lame duck reaches the named node only', async () => {
  assert.equal((await client.lameDuck(one.nodeId, 90_000)).success, true);
  assert.deepEqual(one.lameDucks, [90_000]);
  assert.deepEqual(two.lameDucks, []);
});

test('Without a node, each verb says that nobody listens', async () => {
  await using empty = await startTestNats();
  const own = await connectTo(empty);
  const lonely = createControlClient(own, { namespace: 'default' });
  assert.deepEqual(await lonely.nodes(), []);
  await assert.rejects(lonely.list(), code('HS_NO_NODE', /\$NEX\.SVC\.default\.control\.WPING/));
  await assert.rejects(lonely.deploy(requestFor('hello')), code('HS_NO_NODE', /nobody listens/));
  await assert.rejects(lonely.undeploy('hello'), code('HS_NO_NODE'));
  await assert.rejects(
    lonely.tap(() => undefined),
    code('HS_NO_NODE'),
  );
  await own.close();
  await assert.rejects(lonely.list(), code('HS_NATS_UNREACHABLE'));
});
