import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectOwn } from '../../src/cell/held-transport.ts';
import { WorkloadConnections } from '../../src/cell/workload-connections.ts';
import {
  type Clock,
  type FunctionSpec,
  type HostService,
  type KvBinding,
  type PreparedBinding,
  type ServiceBinding,
  systemClock,
  type WorkloadCredential,
} from '../../src/core/index.ts';
import { checkGrant, prepareLocally } from '../../src/hostservices/index.ts';
import { Handles, type Held } from '../../src/hostservices/shared/handles.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import { createSpec } from '../support/spec.ts';
import { until } from '../support/turns.ts';
import { createUserCredentials } from '../support/user-credentials.ts';

const CREDS = createUserCredentials();
const HOUR_MS = 3_600_000;
const BINDING: KvBinding = { service: 'kv', bucket: 'b', access: 'read', keys: '>', existing: true };

let server: TestNats;

before(async () => {
  server = await startTestNats();
  // Sets the transport that connections of this process have.
  await (await connectTo(server)).close();
});

after(async () => {
  await server?.[Symbol.asyncDispose]();
});

function createWorld() {
  let nowMs = 1_000 * HOUR_MS;
  let monotonicMs = 1_000_000;
  let sweep = (): void => undefined;
  const clock: Clock = {
    ...systemClock,
    now: () => nowMs,
    monotonicMs: () => monotonicMs,
    every: (_everyMs, action) => {
      sweep = action;
      return () => undefined;
    },
  };
  const opened: NatsConnection[] = [];
  const ended: number[] = [];
  const service: HostService = {
    name: 'kv',
    prepare: () => ({
      call: async () => ({ value: opened.length }),
      ended: (callerId) => void ended.push(callerId),
    }),
  };
  const connections = new WorkloadConnections({
    endpoint: () => ({ servers: [server.url] }),
    clock,
    connect: async (options) => {
      const nc = await connectOwn(options);
      opened.push(nc);
      return nc;
    },
    createServices: () => ({ kv: service }),
  });
  const credential = (inboxPrefix: string): WorkloadCredential => ({
    creds: CREDS,
    inboxPrefix,
    expiresAtMs: nowMs + 24 * HOUR_MS,
  });
  return {
    connections,
    clock,
    opened,
    ended,
    credential,
    /** Time goes by, and the connections are looked after. */
    pass(ms: number): void {
      nowMs += ms;
      monotonicMs += ms;
      sweep();
    },
    get openCount(): number {
      return opened.filter((nc) => !nc.isClosed()).length;
    },
    admit(id: string): {
      readonly spec: FunctionSpec;
      readonly call: (callerId: number) => Promise<unknown>;
      readonly end: (callerId: number) => void;
    } {
      const spec: FunctionSpec = { ...createSpec({}), id };
      connections.admit([spec], { [id]: credential(`_HSBOX.${id}`) });
      const binding = connections.prepare(id, 'B', BINDING);
      assert.ok(binding !== undefined);
      return {
        spec,
        call: (callerId) =>
          binding.call(
            { op: 'get', args: ['k'], payload: undefined },
            { id: callerId, deadlineMs: Number.POSITIVE_INFINITY },
          ),
        end: (callerId) => binding.ended?.(callerId),
      };
    },
  };
}

test('A function connects when it first calls, once for all that call at the same time', async () => {
  const world = createWorld();
  await using _connections = world.connections;
  const one = world.admit('one');
  assert.equal(world.opened.length, 0);
  await Promise.all([one.call(1), one.call(1), one.call(2)]);
  assert.equal(world.opened.length, 1);
  one.end(1);
  assert.deepEqual(world.ended, [1]);
});

test('A connection that nobody uses is closed after a minute, and comes back with the next call', async () => {
  const world = createWorld();
  await using _connections = world.connections;
  const one = world.admit('one');
  await one.call(1);
  world.pass(10 * HOUR_MS);
  assert.equal(world.openCount, 1, 'an invocation may still have something open');
  one.end(1);
  world.pass(1_000);
  await until(() => world.openCount === 0);
  await one.call(2);
  assert.equal(world.openCount, 1);
});

for (const [when, passedMs, atOnce] of [
  ['late in the life of a credential', 20 * HOUR_MS, false],
  ['that is to be at once', 0, true],
] as const) {
  test(`Who calls after a renewal ${when} does it over another connection, and those who had called finish over theirs`, async () => {
    const world = createWorld();
    await using _connections = world.connections;
    const one = world.admit('one');
    await one.call(1);
    world.pass(passedMs);
    world.connections.renew({ one: world.credential('_HSBOX.one') }, atOnce);
    await one.call(2);
    await one.call(1);
    assert.equal(world.openCount, 2);
    one.end(1);
    await until(() => world.openCount === 1);
    assert.equal(world.opened[0]?.isClosed(), true);
    one.end(2);
    world.pass(1_000);
    assert.equal(world.openCount, 1, 'it is good for a day again');
  });
}

test('What one invocation has open over a connection that is given up is not taken for what another opens over the next', async () => {
  const world = createWorld();
  const perSession: Handles<Held & { readonly sessions: number }>[] = [];
  const connections = new WorkloadConnections({
    endpoint: () => ({ servers: [server.url] }),
    clock: world.clock,
    connect: connectOwn,
    createServices: () => {
      const handles = new Handles<Held & { readonly sessions: number }>({
        what: 'a watch',
        label: 'B',
        perInvocation: 1,
        perFunction: 9,
      });
      const sessions = perSession.push(handles);
      const prepared: PreparedBinding = {
        async call({ op, args }, { id }) {
          if (op === 'open') return { value: handles.add(id, { sessions, release: () => undefined }) };
          return { value: handles.get(args[0]).sessions };
        },
        holds: ({ op, args }) => op === 'next' && handles.find(args[0]) !== undefined,
        ended: (callerId) => handles.ended(callerId),
      };
      return { kv: { name: 'kv', prepare: () => prepared } };
    },
  });
  await using _connections = connections;
  connections.admit([{ ...createSpec({}), id: 'one' }], { one: world.credential('_HSBOX.one') });
  const binding = connections.prepare('one', 'B', BINDING);
  const call = async (id: number, op: string, ...args: number[]): Promise<number> => {
    const answer = await binding?.call({ op, args, payload: undefined }, { id, deadlineMs: 0 });
    assert.ok(typeof answer?.value === 'number');
    return answer.value;
  };
  const first = await call(1, 'open');
  world.pass(20 * HOUR_MS);
  connections.renew({ one: world.credential('_HSBOX.one') }, false);
  const second = await call(2, 'open');
  assert.notEqual(first, second);
  for (const callerId of [1, 2, 3]) {
    assert.equal(await call(callerId, 'next', first), 1, `by ${callerId}`);
    assert.equal(await call(callerId, 'next', second), 2, `by ${callerId}`);
  }
  binding?.ended?.(1);
  await assert.rejects(call(3, 'next', first), { code: 'HS_HOST_CALL_INVALID' });
});

test('A new version has a connection of its own, and the earlier one keeps its while it has something open', async () => {
  const world = createWorld();
  await using _connections = world.connections;
  const earlier = world.admit('one');
  await earlier.call(1);
  const later = world.admit('one');
  await later.call(1);
  assert.equal(world.openCount, 2);
  await earlier.call(1);
  assert.equal(world.openCount, 2);
  earlier.end(1);
  world.pass(61_000);
  await until(() => world.openCount === 1);
});

test('An earlier version that calls late connects, and has no connection any more when it has finished', async () => {
  const world = createWorld();
  await using _connections = world.connections;
  const earlier = world.admit('one');
  world.admit('one');
  world.pass(10 * 60_000);
  await earlier.call(1);
  assert.equal(world.openCount, 1);
  world.connections.finished(earlier.spec);
  await until(() => world.openCount === 0);
});

test('At most 64 connections are open; the one that has rested longest makes room', async () => {
  const world = createWorld();
  await using _connections = world.connections;
  for (let index = 0; index < 70; index += 1) {
    const one = world.admit(`f${index}`);
    await one.call(index);
    if (index > 0) one.end(index);
    world.pass(10);
  }
  await until(() => world.openCount <= 64);
  assert.equal(world.opened[0]?.isClosed(), false, 'it is in use');
  assert.equal(world.opened[1]?.isClosed(), true);
  assert.equal(world.opened.at(-1)?.isClosed(), false);
});

test('A function that is gone has no connection any more, and a lost one is made again', async () => {
  const world = createWorld();
  await using _connections = world.connections;
  const one = world.admit('one');
  await one.call(1);
  await world.opened[0]?.close();
  await one.call(1);
  assert.equal(world.opened.length, 2);
  await world.connections.forget('one');
  await until(() => world.openCount === 0);
});

test('A function of the same cell is called while there is no connection, and no other one', async () => {
  const { credential } = createWorld();
  const cell = await connectTo(server);
  let connections = 0;
  await using away = new WorkloadConnections({
    endpoint: () => ({ servers: ['nats://127.0.0.1:1'] }),
    clock: systemClock,
    connect: () => {
      connections += 1;
      return Promise.reject(new Error('away'));
    },
    createServices: () => ({}),
    prepareLocally: (given) =>
      prepareLocally(cell, given, {
        has: (name) => name === 'here',
        call: ({ data }) => ({
          answered: Promise.resolve({ payload: data, headers: [] }),
          abandon: () => undefined,
        }),
      }),
  });
  away.admit([{ ...createSpec({}), id: 'one' }], { one: credential('_HSBOX.one') });
  const granted: ServiceBinding = {
    service: 'messaging',
    publish: [],
    request: [],
    call: ['here', 'elsewhere'],
  };
  const binding = away.prepare('one', 'BUS', granted);
  const call = async (name: string): Promise<string> => {
    const caller = { id: 1, deadlineMs: Number.POSITIVE_INFINITY };
    const answer = await binding?.call({ op: 'call', args: [name, '0'], payload: 'hello' }, caller);
    return Buffer.from(answer?.data ?? '').toString();
  };
  assert.equal(await call('here'), 'hello');
  await assert.rejects(call('not-granted'), { code: 'HS_BINDING_DENIED' });
  assert.equal(connections, 0);
  await assert.rejects(call('elsewhere'), { code: 'HS_NATS_UNREACHABLE' });
  assert.equal(connections, 1);
  await cell.close();
});

test('What the grant does not cover opens no connection, whichever service it is of', async () => {
  let connections = 0;
  await using away = new WorkloadConnections({
    endpoint: () => ({ servers: ['nats://127.0.0.1:1'] }),
    clock: systemClock,
    connect: () => {
      connections += 1;
      return Promise.reject(new Error('away'));
    },
    createServices: () => ({}),
    check: checkGrant,
  });
  away.admit([{ ...createSpec({}), id: 'one' }], { one: createWorld().credential('_HSBOX.one') });
  const messaging: ServiceBinding = { service: 'messaging', publish: ['a.*'], request: [], call: [] };
  const store: ServiceBinding = {
    service: 'objectstore',
    bucket: 'b',
    access: 'read',
    existing: true,
    create: { storage: 'file', replicas: 1 },
  };
  const calls: readonly [
    ServiceBinding,
    granted: [string, string],
    denied: [string, string],
    code: string,
  ][] = [
    [{ ...BINDING, keys: 'a.>' }, ['get', 'a.b'], ['get', 'b'], 'HS_BINDING_DENIED'],
    [BINDING, ['keys', ''], ['put', 'b'], 'HS_BINDING_DENIED'],
    [BINDING, ['watch', ''], ['odd', ''], 'HS_HOST_CALL_INVALID'],
    [messaging, ['publish', 'a.b'], ['request', 'a.b'], 'HS_BINDING_DENIED'],
    [messaging, ['next', ''], ['call', 'other'], 'HS_BINDING_DENIED'],
    [store, ['list', ''], ['delete', 'o'], 'HS_BINDING_DENIED'],
    [store, ['get', 'o'], ['get', ''], 'HS_OBJECT_NAME_INVALID'],
  ];
  for (const [index, [given, granted, denied, code]] of calls.entries()) {
    const binding = away.prepare('one', `B${index}`, given);
    assert.ok(binding !== undefined);
    const call = ([op, name]: [string, string]): Promise<unknown> =>
      binding.call({ op, args: [name], payload: undefined }, { id: 1, deadlineMs: Number.POSITIVE_INFINITY });
    await assert.rejects(call(denied), { code }, `${given.service} ${denied[0]}`);
    assert.equal(connections, index, `${given.service} ${denied[0]}`);
    await assert.rejects(call(granted), { code: 'HS_NATS_UNREACHABLE' }, `${given.service} ${granted[0]}`);
  }
});

test('A server that is away is a coded error, and the next call tries again', async () => {
  const world = createWorld();
  const away = new WorkloadConnections({
    endpoint: () => ({ servers: ['nats://127.0.0.1:1'] }),
    clock: systemClock,
    connect: (options) => connectOwn({ ...options, reconnect: false }),
    createServices: () => ({}),
  });
  await using _connections = away;
  away.admit([{ ...createSpec({}), id: 'one' }], { one: world.credential('_HSBOX.one') });
  const binding = away.prepare('one', 'B', BINDING);
  for (const id of [1, 2]) {
    const call = binding?.call({ op: 'get', args: [], payload: undefined }, { id, deadlineMs: 0 });
    await assert.rejects(async () => await call, { code: 'HS_NATS_UNREACHABLE' });
  }
});
