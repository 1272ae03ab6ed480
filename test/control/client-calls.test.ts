/** A client of the control plane calls functions and follows what is told of them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import {
  type ControlClient,
  createControlClient,
  type InvocationEvent,
  type LogLine,
  toErrorReply,
} from '../../src/control/index.ts';
import { HairspringError } from '../../src/core/index.ts';
import { code } from './support/error-code.ts';
import { createManualClock } from './support/manual-clock.ts';
import { createMemoryNode, requestFor } from './support/memory-node.ts';
import { type ServedNodes, serveNodes } from './support/serve-nodes.ts';

const one = createMemoryNode({ nodeName: 'one', tags: { zone: 'a' } });
const two = createMemoryNode({ nodeName: 'two', tags: { zone: 'b' } });
const clock = createManualClock();

let nodes: ServedNodes;
let nc: NatsConnection;
let client: ControlClient;

before(async () => {
  nodes = await serveNodes([one, two]);
  nc = nodes.nc;
  client = createControlClient(nc, { namespace: 'default', clock });
});

after(() => nodes?.[Symbol.asyncDispose]());

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
