import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { changeOver } from '../../src/cell/change-over.ts';
import { ReplySubjects, systemClock } from '../../src/core/index.ts';
import { SubjectListener } from '../../src/triggers/index.ts';
import { ask, startSteadyLoad, tally, until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { type NatsRelay, startRelay } from '../support/relay.ts';
import { createSpec } from '../support/spec.ts';

interface World extends AsyncDisposable {
  readonly relay: NatsRelay;
  /** The connection that is given up; its server is behind the relay. */
  readonly cell: NatsConnection;
  readonly outside: NatsConnection;
}

async function start(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startTestNats());
  const relay = stack.use(await startRelay(server));
  const cell = await connectTo(relay, { reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  stack.defer(() => cell.close());
  const outside = await connectTo(server);
  stack.defer(() => outside.close());
  serve(cell);
  await cell.flush();
  const owned = stack.move();
  return { relay, cell, outside, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Answers each message some milliseconds after it. */
function serve(nc: NatsConnection): void {
  const nothing = (): void => undefined;
  const listener = new SubjectListener(
    {
      nc,
      replySubjects: new ReplySubjects(),
      nodeId: 'N',
      target: {
        accept: (invocation) =>
          void sleep(10).then(() => invocation.succeed({ payload: 'done', headers: [] })),
        received: nothing,
        answered: nothing,
        refusedReply: nothing,
      },
    },
    createSpec(),
  );
  listener.update(createSpec({ triggers: ['work'] }));
}

test('A connection that is given up for another loses no message and no reply', async () => {
  await using world = await start();
  const { cell, outside } = world;
  const first = cell.info?.client_id;
  using load = startSteadyLoad(outside, 'work', 2_000);
  for (let round = 0; round < 6; round += 1) {
    await sleep(100);
    await changeOver(cell, systemClock);
  }
  const answers = await load.stop();
  const { ok = 0, 'no responders': _gap, ...others } = tally(answers);
  assert.deepEqual(others, {});
  assert.ok(ok > 100, `${ok} answers`);
  assert.notEqual(cell.info?.client_id, first);
});

test('A connection that is lost while it is given up, or before, comes back and serves', async () => {
  await using world = await start();
  const { relay, cell, outside } = world;
  relay.hold();
  const changed = changeOver(cell, systemClock);
  relay.cut();
  await sleep(50);
  await changeOver(cell, systemClock);
  relay.release();
  relay.admit();
  await changed;
  const served = async (): Promise<boolean> => (await ask(outside, 'work')).text === 'done';
  await until('it serves', served);
});
