import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { WorkloadConnections } from '../../src/cell/workload-connections.ts';
import {
  type FunctionSpec,
  type HostCaller,
  type HostCallResult,
  type ServiceBinding,
  systemClock,
} from '../../src/core/index.ts';
import { createNatsServices } from '../../src/hostservices/index.ts';
import { countConsumers, createBucket, kvBinding } from '../support/kv.ts';
import { messagingBinding } from '../support/messaging.ts';
import { connectTo } from '../support/nats.ts';
import { startNatsOfFile } from '../support/nats-of-file.ts';
import { createStore, objectBinding } from '../support/objects.ts';
import { createSpec } from '../support/spec.ts';
import { until } from '../support/turns.ts';
import { createUserCredentials } from '../support/user-credentials.ts';

const CALLER: HostCaller = { id: 1, deadlineMs: Number.POSITIVE_INFINITY };
const CREDS = createUserCredentials();
const MIB = 2 ** 20;

const { nc, server } = await startNatsOfFile();

/** A function with one binding, over a connection of its own. */
function createWorld(binding: ServiceBinding) {
  const opened: NatsConnection[] = [];
  const connections = new WorkloadConnections({
    endpoint: () => ({ servers: [server.url] }),
    clock: systemClock,
    connect: async () => {
      const own = await connectTo(server);
      opened.push(own);
      return own;
    },
    createServices: (own) => createNatsServices(own),
  });
  const spec: FunctionSpec = { ...createSpec({}), id: 'one' };
  connections.admit([spec], {
    one: { creds: CREDS, inboxPrefix: '_INBOX', expiresAtMs: Number.POSITIVE_INFINITY },
  });
  const prepared = connections.prepare('one', 'B', binding);
  assert.ok(prepared !== undefined);
  return {
    connections,
    opened,
    call: (
      op: string,
      args: (string | number)[],
      payload: string | Uint8Array = '',
    ): Promise<HostCallResult> => prepared.call({ op, args, payload }, CALLER),
    /** Its invocation ends, and it is undeployed at once. */
    async end(): Promise<void> {
      prepared.ended?.(CALLER.id);
      await connections.forget('one');
      await until(() => opened.every((own) => own.isClosed()));
    },
  };
}

test('A put that its invocation leaves unfinished leaves no chunks, though its connection is given up', async () => {
  await createStore(nc, 'left');
  const world = createWorld(objectBinding('left'));
  await using _connections = world.connections;
  const { value: handle } = await world.call('create', ['big', '{}']);
  await world.call('write', [handle as number], new Uint8Array(MIB));
  const manager = await jetstreamManager(nc);
  const messages = async (): Promise<number> => (await manager.streams.info('OBJ_left')).state.messages;
  assert.ok((await messages()) > 0);
  await world.end();
  assert.equal(await messages(), 0);
});

test('A watch that its invocation leaves open leaves no consumer, though its connection is given up', async () => {
  await createBucket(nc, 'watched');
  const world = createWorld(kvBinding('watched'));
  await using _connections = world.connections;
  await world.call('watch', ['updates', 0]);
  assert.equal(await countConsumers(nc, 'watched'), 1);
  await world.end();
  assert.equal(await countConsumers(nc, 'watched'), 0);
});

test('A watch that is there only after its invocation leaves no consumer, though its connection is given up', async () => {
  await createBucket(nc, 'late');
  const world = createWorld(kvBinding('late'));
  await using _connections = world.connections;
  await world.call('get', ['k']);
  const late = world.call('watch', ['updates', 0]);
  await world.end();
  await late;
  assert.equal(await countConsumers(nc, 'late'), 0);
});

test('What is published and not awaited goes out before its connection is given up', async () => {
  const heard: string[] = [];
  nc.subscribe('out.*', { callback: (_error, message) => void heard.push(message.string()) });
  await nc.flush();
  const world = createWorld(messagingBinding({ publish: ['out.*'] }));
  await using _connections = world.connections;
  await world.call('publish', ['out.a', '0'], 'first');
  const late = ['second', 'third'].map((text) => world.call('publish', ['out.a', '0'], text));
  await world.end();
  await Promise.all(late);
  await nc.flush();
  assert.deepEqual(heard, ['first', 'second', 'third']);
});

test('A call that waited for others goes out before its connection is given up, and opens no other', async () => {
  const heard: string[] = [];
  nc.subscribe('next.*', { callback: (_error, message) => void heard.push(message.string()) });
  await nc.flush();
  const world = createWorld(messagingBinding({ publish: ['next.*'] }));
  await using _connections = world.connections;
  const publish = (text: string): Promise<HostCallResult> => world.call('publish', ['next.a', '0'], text);
  await publish('first');
  const late = publish('second').then(async (result) => {
    // As through the gate of the calls of an instance, which takes a few moments.
    for (let moment = 0; moment < 10; moment += 1) await null;
    return [result, await publish('third')];
  });
  const ended = world.end();
  await late;
  await ended;
  await nc.flush();
  assert.deepEqual(heard, ['first', 'second', 'third']);
  assert.equal(world.opened.length, 1);
  await assert.rejects(publish('fourth'), { code: 'HS_NATS_UNREACHABLE' });
  assert.equal(world.opened.length, 1);
});

test('A call that does not end holds its connection up for a while, and no longer', async () => {
  nc.subscribe('mute', { callback: () => undefined });
  await nc.flush();
  const world = createWorld(messagingBinding({ request: ['mute'] }));
  await using _connections = world.connections;
  const asked = world.call('request', ['mute', '0', 60_000]).catch((error: unknown) => error);
  await until(() => world.opened.length === 1);
  const startedMs = performance.now();
  await world.connections.close(200);
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= 190 && tookMs < 4_000, `${tookMs} ms`);
  assert.ok((await asked) instanceof Error);
});
