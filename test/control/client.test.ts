import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import {
  type ControlClient,
  createControlClient,
  type InvocationEvent,
  type LogLine,
  serveNode,
  toErrorReply,
} from '../../src/control/index.ts';
import { type Clock, HairspringError, silentLogger, systemClock } from '../../src/core/index.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import { createManualClock } from './support/manual-clock.ts';
import { createMemoryNode, requestFor } from './support/memory-node.ts';

const one = createMemoryNode({ nodeName: 'one', tags: { zone: 'a' } });
const two = createMemoryNode({ nodeName: 'two', tags: { zone: 'b' } });
const clock = createManualClock();

let server: TestNats;
let nc: NatsConnection;
let served: readonly AsyncDisposable[];
let client: ControlClient;
let system: ControlClient;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  served = await Promise.all(
    [one, two].map((node) => serveNode(nc, node, { logger: silentLogger, clock: systemClock })),
  );
  client = createControlClient(nc, { namespace: 'default', clock });
  system = createControlClient(nc, { namespace: 'system' });
});

after(async () => {
  for (const serving of served ?? []) await serving[Symbol.asyncDispose]();
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  for (const node of [one, two]) {
    node.held.clear();
    node.nodeState = 'running';
    node.deployError = undefined;
  }
});

function code(expected: string, message: RegExp = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(HairspringError.is(error), String(error));
    assert.equal(error.code, expected);
    assert.match(error.message, message);
    return true;
  };
}

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

test('A name that was undeployed and deployed anew is found as soon as all nodes have seen it', async () => {
  one.held.set('id-anew', { ...requestFor('a'), namespace: 'default' });
  two.held.set('id-before', { ...requestFor('a'), namespace: 'default' });
  const patient = createControlClient(nc, { namespace: 'default' });
  const undeploying = patient.undeploy('a');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual([one.held.size, two.held.size], [1, 1]);
  two.held.clear();
  assert.equal((await undeploying).id, 'id-anew');
});

test('A name of which nodes go on to tell differently is refused with the ids', async () => {
  let sleptMs = 0;
  const quick: Clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + sleptMs,
    sleep: async () => {
      sleptMs += 2_000;
    },
  };
  one.held.set('id-1', { ...requestFor('a'), namespace: 'default' });
  two.held.set('id-2', { ...requestFor('a'), namespace: 'default' });
  const asking = createControlClient(nc, { namespace: 'default', clock: quick });
  await assert.rejects(asking.undeploy('a'), code('HS_USAGE', /id-1 in "default", id-2 in "default"/));
  assert.deepEqual([one.held.size, two.held.size, sleptMs], [1, 1, 6_000]);
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

test('An invocation carries subject and headers and brings back body, headers or the coded error', async () => {
  const cell = nc.subscribe('$NEX.SVC.default.control.HS.INVOKE.hello', {
    callback: (_, msg) => {
      if (msg.string() === 'fail') {
        const { data, headers: replyHeaders } = toErrorReply(
          new HairspringError('HS_FUNCTION_TIMEOUT', 'Cannot answer within 5 s'),
          'id',
        );
        msg.respond(data, replyHeaders === undefined ? {} : { headers: replyHeaders });
        return;
      }
      const replyHeaders = headers();
      replyHeaders.set('workload_id', 'id-hello');
      msg.respond(
        `${msg.headers?.get('Hairspring-Subject')} ${msg.headers?.values('X-Trace')} ${msg.string()}`,
        {
          headers: replyHeaders,
        },
      );
    },
  });
  const ok = await client.invoke('hello', 'payload', { subject: 'greet.en', headers: { 'X-Trace': 't1' } });
  assert.equal(Buffer.from(ok.data).toString(), 'greet.en t1 payload');
  assert.deepEqual(ok.headers, { workload_id: 'id-hello' });
  assert.equal(ok.error, undefined);
  const twice = await client.invoke('hello', '', { headers: { 'X-Trace': ['t1', 't2'] } });
  assert.equal(Buffer.from(twice.data).toString(), ' t1,t2 ');
  const failed = await client.invoke('hello', 'fail');
  assert.equal(failed.error?.code, 'HS_FUNCTION_TIMEOUT');
  assert.equal(failed.error?.message, 'Cannot answer within 5 s');
  cell.unsubscribe();
  await assert.rejects(client.invoke('hello', ''), (error) => {
    assert.ok(HairspringError.is(error));
    assert.equal(error.code, 'HS_FUNCTION_NOT_FOUND');
    assert.match(error.hint ?? '', /hairspring list/);
    return true;
  });
  await assert.rejects(client.invoke('hello', '', { headers: { 'a b': 'x' } }), code('HS_USAGE', /"a b"/));
});

test('An invocation without an answer ends after its time-out', async () => {
  const silent = nc.subscribe('$NEX.SVC.default.control.HS.INVOKE.silent', { callback: () => undefined });
  await assert.rejects(client.invoke('silent', '', { timeoutMs: 100 }), (error) => {
    assert.ok(HairspringError.is(error));
    assert.equal(error.code, 'HS_NATS_UNREACHABLE');
    assert.match(error.message, /"silent" within 100 ms/);
    assert.match(error.hint ?? '', /--timeout/);
    return true;
  });
  silent.unsubscribe();
});

test('Log lines come with function, stream and level, of one function or of all', async () => {
  const all: LogLine[] = [];
  const one: LogLine[] = [];
  const everything = await client.logs({}, (line) => all.push(line));
  const single = await client.logs({ function: 'id-b' }, (line) => one.push(line));
  const warn = headers();
  warn.set('Hairspring-Level', 'warn');
  nc.publish('$NEX.FEED.default.logs.id-a.stdout', 'first\n');
  nc.publish('$NEX.FEED.default.logs.id-b.stderr', 'second', { headers: warn });
  nc.publish('$NEX.FEED.default.logs.id-b.stderr', 'third');
  nc.publish('$NEX.FEED.other.logs.id-b.stdout', 'foreign');
  await nc.flush();
  await single[Symbol.asyncDispose]();
  await everything[Symbol.asyncDispose]();
  nc.publish('$NEX.FEED.default.logs.id-a.stdout', 'late');
  await nc.flush();
  assert.deepEqual(all, [
    { namespace: 'default', functionId: 'id-a', stream: 'stdout', level: 'info', text: 'first' },
    { namespace: 'default', functionId: 'id-b', stream: 'stderr', level: 'warn', text: 'second' },
    { namespace: 'default', functionId: 'id-b', stream: 'stderr', level: 'error', text: 'third' },
  ]);
  assert.deepEqual(one, all.slice(1));
});

test('A tap leases all nodes, renews until disposed, and passes events but no rubbish', async () => {
  const event: InvocationEvent = {
    functionId: 'id-a',
    name: 'a',
    namespace: 'default',
    version: '0123456789ab',
    subject: 'greet.en',
    status: 'ok',
    coldMs: 1.5,
    coldReason: 'evicted',
    durationMs: 2,
    replyBytes: 3,
  };
  const seen: InvocationEvent[] = [];
  const leases = (): number => one.taps.length + two.taps.length;
  const before = leases();
  const tap = await client.tap((received) => seen.push(received));
  assert.equal(leases() - before, 2);
  nc.publish('$NEX.FEED.default.events.INVOCATION', JSON.stringify(event));
  nc.publish('$NEX.FEED.default.events.INVOCATION', 'rubbish');
  clock.advance(5_000);
  await nc.flush();
  assert.equal(leases() - before, 4);
  await tap[Symbol.asyncDispose]();
  clock.advance(20_000);
  await nc.flush();
  assert.equal(leases() - before, 4);
  assert.deepEqual(seen, [event]);
});

test('Events tell what was started and stopped', async () => {
  const seen: string[] = [];
  const following = await client.events(({ from, event }) => seen.push(`${from} ${event}`));
  await client.deploy(requestFor('hello'));
  await client.undeploy('hello');
  await nc.flush();
  await following[Symbol.asyncDispose]();
  assert.deepEqual(seen, ['default WORKLOADSTARTED', 'default WORKLOADSTOPPED']);
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
