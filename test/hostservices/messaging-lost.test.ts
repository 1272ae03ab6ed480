import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { listenTo, openMessaging } from '../support/messaging.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { startRelay } from '../support/relay.ts';
import { until } from '../support/turns.ts';

const GRANT = { publish: ['ask.*'], request: ['ask.*'], call: ['callee'] };

test('Whoever waits for an answer when the connection is lost hears that, and not of a time-out', async () => {
  await using server = await startTestNats();
  const nc = await connectTo(server, { maxReconnectAttempts: -1, reconnectTimeWait: 10 });
  const other = await connectTo(server, { reconnect: false });
  let heard = 0;
  for (const subject of ['ask.*', '$NEX.SVC.default.control.HS.INVOKE.callee'])
    await listenTo(other, subject, () => {
      heard += 1;
    });
  const bus = openMessaging(nc, GRANT);
  const many = await bus.call('requestMany', ['ask.many', '0', 60_000]);
  const waiting = [
    bus.refused('next', [many.value as number]),
    bus.refused('request', ['ask.one', '0', 1_500]),
    bus.refused('publishAcked', ['ask.acked', '0', 1_500]),
    bus.refused('call', ['callee', '0', 1_500]),
  ];
  await until(() => heard === 4);
  process.kill(server.pid, 'SIGKILL');
  for (const { code } of await Promise.all(waiting)) assert.equal(code, 'HS_MESSAGING_DISCONNECTED');
  // And while it is away.
  for (const op of ['request', 'publish', 'publishAcked', 'requestMany'])
    assert.equal((await bus.refused(op, ['ask.a', '0', 50])).code, 'HS_MESSAGING_DISCONNECTED', op);
  await nc.close();
  await other.close();
});

test('The first calls of all hear it too when the connection is away', async (context) => {
  await using server = await startTestNats();
  const nc = await connectTo(server, { maxReconnectAttempts: -1, reconnectTimeWait: 10 });
  context.after(() => nc.close());
  const ops = ['request', 'publish', 'publishAcked', 'requestMany'];
  const buses = ops.map((op) => ({ op, bus: openMessaging(nc, GRANT) }));
  process.kill(server.pid, 'SIGKILL');
  for await (const { type } of nc.status()) if (type === 'disconnect') break;
  for (const { op, bus } of buses)
    assert.equal((await bus.refused(op, ['ask.a', '0', 50])).code, 'HS_MESSAGING_DISCONNECTED', op);
});

test('On a connection that is closed, everything is refused as that', async () => {
  await using server = await startTestNats();
  const nc = await connectTo(server);
  const bus = openMessaging(nc, GRANT);
  const other = await connectTo(server);
  let heard = 0;
  await listenTo(other, 'ask.*', () => {
    heard += 1;
  });
  const many = await bus.call('requestMany', ['ask.many', '0', 60_000]);
  const waiting = [
    bus.refused('next', [many.value as number]),
    bus.refused('request', ['ask.one', '0', 60_000]),
  ];
  await until(() => heard === 2);
  await nc.close();
  for (const { code } of await Promise.all(waiting)) assert.equal(code, 'HS_MESSAGING_DISCONNECTED');
  for (const op of ['publish', 'publishAcked', 'request', 'requestMany'])
    assert.equal((await bus.refused(op, ['ask.a', '0'])).code, 'HS_MESSAGING_DISCONNECTED', op);
  assert.equal((await bus.refused('call', ['callee', '0'])).code, 'HS_MESSAGING_DISCONNECTED');
  await other.close();
});

test('A publish that the server has not taken when the connection is lost is refused, and one that it took is not', async () => {
  await using server = await startTestNats();
  const nc = await connectTo(server, { maxReconnectAttempts: -1, reconnectTimeWait: 10 });
  const bus = openMessaging(nc, GRANT);
  await bus.call('publish', ['ask.taken', '0']);
  process.kill(server.pid, 'SIGSTOP');
  const waiting = [bus.refused('publish', ['ask.a', '0']), bus.refused('publish', ['ask.b', '0'])];
  process.kill(server.pid, 'SIGKILL');
  for (const { code } of await Promise.all(waiting)) assert.equal(code, 'HS_MESSAGING_DISCONNECTED');
  await nc.close();
});

test('What a server that comes back takes no more is refused, and does not cost the connection', async (context) => {
  const first = await startTestNats();
  await using relay = await startRelay(first);
  const nc = await connectTo({ url: relay.url }, { maxReconnectAttempts: -1, reconnectTimeWait: 10 });
  context.after(() => nc.close());
  const bus = openMessaging(nc, GRANT);
  relay.cut();
  await seen(nc, 'disconnect');
  const { port } = first;
  await first[Symbol.asyncDispose]();
  await using folder = await mkdtempDisposable(join(tmpdir(), 'hairspring-payload-'));
  const file = join(folder.path, 'nats.conf');
  await writeFile(file, 'max_payload: 2000\n');
  await using _second = await startTestNats({ port, extraArguments: ['-c', file] });
  const large = 'x'.repeat(20_000);
  const calls = [
    ...['publish', 'publishAcked', 'request', 'requestMany'].map((op) => [op, 'ask.a'] as const),
    ['call', 'callee'] as const,
  ];
  // It has a connection, and has not been told yet what that takes.
  relay.hold();
  relay.admit();
  await until(() => relay.open > 0);
  const refused = calls.map(([op, name]) => bus.refused(op, [name, '0', 500], large));
  const back = seen(nc, 'reconnect');
  relay.release();
  await back;
  let losses = 0;
  void seen(nc, 'disconnect').then(() => {
    losses += 1;
  });
  for (const { code } of await Promise.all(refused)) assert.equal(code, 'HS_MESSAGING_DISCONNECTED');
  for (const [op, name] of calls)
    assert.equal((await bus.refused(op, [name, '0', 500], large)).code, 'HS_MESSAGE_TOO_LARGE', op);
  await bus.call('publish', ['ask.a', '0'], 'x'.repeat(1_900));
  assert.equal(losses, 0);
});

/** Resolves when the connection tells of that. */
async function seen(nc: NatsConnection, wanted: 'disconnect' | 'reconnect'): Promise<void> {
  for await (const { type } of nc.status()) if (type === wanted) return;
}
