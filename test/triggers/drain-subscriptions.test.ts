import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { drainSubscriptions } from '../../src/triggers/index.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { type NatsRelay, startRelay } from '../support/relay.ts';

const COUNT = 200;

interface Listener extends AsyncDisposable {
  readonly relay: NatsRelay;
  /** Whose subscriptions are drained; its server is behind the relay. */
  readonly nc: NatsConnection;
  /** Of somebody else. */
  readonly outside: NatsConnection;
  readonly subscriptions: readonly Subscription[];
  readonly heard: readonly string[];
  /** How often the listener has sent a line that begins so. */
  sent(verb: string): number;
}

async function listen(): Promise<Listener> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startTestNats());
  const relay = stack.use(await startRelay(server));
  const nc = await connectTo(relay, { name: 'listener', reconnect: false });
  stack.defer(() => nc.close());
  const outside = await connectTo(server);
  stack.defer(() => outside.close());
  const heard: string[] = [];
  const subscriptions = Array.from({ length: COUNT }, (_, index) =>
    nc.subscribe(`many.${index}`, {
      callback: (_error, { subject }) => {
        heard.push(subject);
      },
    }),
  );
  await nc.flush();
  const sent = (verb: string): number => {
    const [connection] = relay.named('listener');
    return (connection?.sent() ?? '').split('\r\n').filter((line) => line.startsWith(verb)).length;
  };
  const owned = stack.move();
  return {
    ...{ relay, nc, outside, subscriptions, heard, sent },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test('Many subscriptions are drained by asking the server once', async () => {
  await using listener = await listen();
  const { nc, outside, subscriptions, sent } = listener;
  const before = sent('PING');
  await drainSubscriptions(nc, subscriptions);
  assert.deepEqual([sent('UNSUB'), sent('PING') - before], [COUNT, 1]);
  assert.ok(subscriptions.every((one) => one.isClosed()));
  await assert.rejects(outside.request('many.7', '', { timeout: 2_000 }), /no responders/i);
});

test('What the server has sent is handed over before the subscriptions are gone', async () => {
  await using listener = await listen();
  const { relay, nc, outside, subscriptions, heard } = listener;
  relay.hold();
  for (let index = 0; index < COUNT; index += 1) outside.publish(`many.${index}`);
  await outside.flush();
  const drained = drainSubscriptions(nc, subscriptions);
  assert.equal(heard.length, 0);
  relay.release();
  await drained;
  assert.equal(new Set(heard).size, COUNT);
});

test('Draining the connection meanwhile, or the same subscriptions again, asks no more', async () => {
  await using listener = await listen();
  const { nc, subscriptions, sent } = listener;
  const before = sent('PING');
  await Promise.all([
    drainSubscriptions(nc, subscriptions),
    drainSubscriptions(nc, subscriptions),
    nc.drain(),
  ]);
  // One for the subscriptions, one for the connection.
  assert.deepEqual([sent('UNSUB'), sent('PING') - before], [COUNT, 2]);
});

test('Subscriptions of a connection that is closed are drained', async () => {
  await using listener = await listen();
  const { nc, subscriptions } = listener;
  await nc.close();
  await drainSubscriptions(nc, subscriptions);
  assert.ok(subscriptions.every((one) => one.isClosed()));
});
