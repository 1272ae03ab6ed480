import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { outputOf } from '../../src/cell/held-transport.ts';
import { SentReplies } from '../../src/cell/sent-replies.ts';
import { until } from '../support/turns.ts';

/** A connection that is behind: it has `taken` of the `given` bytes. */
function behind() {
  const state = { given: 0, taken: 0, isAllSent: false };
  const replies = new SentReplies({
    isAllSent: () => state.isAllSent,
    givenBytes: () => state.given,
    takenBytes: () => state.taken,
  });
  return { state, replies };
}

test('What the kernel has is told though more is given all the time', () => {
  const { state, replies } = behind();
  const told: string[] = [];
  for (let turn = 1; turn <= 20; turn += 1) {
    replies.add(`r${turn}`);
    state.given = turn * 100;
    state.taken = Math.max(0, (turn - 5) * 100);
    const sent = replies.take();
    for (const reply of sent === '' ? [] : sent.split('\n')) {
      assert.ok(Number(reply.slice(1)) * 100 <= state.taken, `${reply} at ${state.taken}`);
      told.push(reply);
    }
  }
  assert.ok(told.length >= 10, told.join());
  assert.deepEqual(
    [...told, ...replies.all.split('\n')],
    Array.from({ length: 20 }, (_, n) => `r${n + 1}`),
  );
  state.isAllSent = true;
  assert.equal(replies.take().split('\n').at(-1), 'r20');
  assert.ok(replies.isEmpty);
});

test('What was given to a connection that is gone is told with the next', () => {
  const { state, replies } = behind();
  state.given = 1_000;
  replies.add('r1');
  assert.equal(replies.take(), '');
  replies.startStream();
  state.given = 10;
  assert.equal(replies.take(), 'r1');
});

test('What waits for the next connection is not told while it waits', () => {
  const { state, replies } = behind();
  state.given = 1_000;
  replies.add('r1');
  assert.equal(replies.take(), '');
  state.given = Number.POSITIVE_INFINITY;
  replies.add('r2');
  replies.startStream();
  assert.equal(replies.take(), 'r1');
  assert.equal(replies.take(), '');
  state.given = 300;
  assert.equal(replies.take(), '');
  assert.equal(replies.all, 'r2');
  state.taken = 300;
  assert.equal(replies.take(), 'r2');
});

test('The bytes that a socket has taken are never more than the other side can read', async () => {
  let received = 0;
  let other: Socket | undefined;
  const server = createServer((socket) => {
    other = socket.pause().on('data', (chunk) => {
      received += chunk.length;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const outbound = { size: () => 0 };
  const connection = { protocol: { outbound, transport: { socket } } } as unknown as NatsConnection;
  const output = outputOf(() => connection);
  for (let part = 0; part < 64; part += 1) socket.write(Buffer.alloc(1024 ** 2));
  await sleep(50);
  const taken = output.takenBytes();
  assert.equal(output.givenBytes(), 64 * 1024 ** 2);
  assert.equal(output.isAllSent(), false);
  assert.ok(taken < 64 * 1024 ** 2, `${taken} taken`);
  other?.resume();
  await until(() => output.takenBytes() > taken);
  await until(() => output.isAllSent());
  assert.equal(output.takenBytes(), output.givenBytes());
  socket.end();
  await once(other ?? socket, 'end');
  assert.equal(received, 64 * 1024 ** 2);
  server.close();
});
