import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import {
  messageSlots,
  type OpenLoopOptions,
  type OpenLoopResult,
  runOpenLoop,
} from '../../src/measure/index.ts';
import { connectTo, startTestNats } from '../support/nats.ts';

const SUBJECT = 'open.loop';

/** A client, and a responder on a connection of its own. */
async function setUp(
  context: TestContext,
  respond: (message: Msg) => void,
): Promise<(options: Partial<OpenLoopOptions>) => Promise<OpenLoopResult>> {
  const server = await startTestNats();
  context.after(() => server[Symbol.asyncDispose]());
  const connections: NatsConnection[] = [];
  context.after(async () => {
    for (const nc of connections) await nc.close();
  });
  const open = async (): Promise<NatsConnection> => {
    const nc = await connectTo(server);
    connections.push(nc);
    return nc;
  };
  const responder = await open();
  responder.subscribe(SUBJECT, { callback: (_error, message) => respond(message) });
  await responder.flush();
  const nc = await open();
  return (options) =>
    runOpenLoop({
      open: messageSlots({
        nc,
        subject: SUBJECT,
        payload: new Uint8Array(10),
        isExpected: ({ data }) => data.length === 10,
      }),
      perSecond: 500,
      maxOutstanding: 1_000,
      warmupMs: 50,
      windowMs: 400,
      drainMs: 5_000,
      ...options,
    });
}

test('An open loop sends what its rate says, and every arrival of the window is counted once', async (context) => {
  const run = await setUp(context, (message) => message.respond(message.data));
  const edges: string[] = [];
  const result = await run({ onWindow: (edge) => edges.push(edge) });
  assert.equal(result.arrivals, 200);
  assert.equal(result.latencyUs.count, 200);
  assert.deepEqual([result.wrong, result.lost], [0, 0]);
  assert.ok(result.perSecond > 0);
  assert.ok(result.latencyUs.percentile(0.5) > 0);
  assert.deepEqual(edges, ['begin', 'end']);
});

test('Latency counts from when a request was due, also while the responder holds up all places', async (context) => {
  const held: Msg[] = [];
  let isOpen = false;
  const run = await setUp(context, (message) => {
    if (isOpen) message.respond(message.data);
    else held.push(message);
  });
  const onWindow = (edge: 'begin' | 'end'): void => {
    if (edge === 'begin') return;
    isOpen = true;
    for (const message of held) message.respond(message.data);
  };
  const result = await run({ maxOutstanding: 10, warmupMs: 0, windowMs: 300, onWindow });
  assert.equal(result.arrivals, 150);
  assert.equal(result.lost, 0);
  // Ten were sent at once; all the others waited for a place, and their waiting is in the latency.
  assert.ok(result.held > 100 && result.held <= 140, `${result.held} held`);
  assert.equal(result.latencyUs.count, 150);
  assert.ok(result.latencyUs.percentile(0.5) > 100_000, `p50 ${result.latencyUs.percentile(0.5)} µs`);
  // Nothing was answered within the window.
  assert.equal(result.perSecond, 0);
});

test('Arrivals that are never answered, and those that never find a place, are lost', async (context) => {
  const run = await setUp(context, () => undefined);
  const result = await run({ maxOutstanding: 5, warmupMs: 0, windowMs: 100, drainMs: 50 });
  assert.equal(result.arrivals, 50);
  assert.equal(result.lost, 50);
  assert.equal(result.latencyUs.count, 0);
});

test('A wrong reply is counted and its beginning kept', async (context) => {
  const run = await setUp(context, (message) => message.respond('no'));
  const result = await run({ warmupMs: 0, windowMs: 100 });
  assert.equal(result.wrong, result.arrivals);
  assert.equal(result.firstWrong, 'no');
  assert.equal(result.perSecond, 0);
});
