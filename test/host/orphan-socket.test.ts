/** How the host reads on the socket of a dead cell. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { type Clock, systemClock } from '../../src/core/index.ts';
import { dialPaused } from '../../src/host/cells/held-socket.ts';
import type { SidLookup } from '../../src/host/cells/message-parser.ts';
import { OrphanSocket } from '../../src/host/cells/orphan-socket.ts';
import { Recovery } from '../../src/host/cells/recovery.ts';
import { journal, lookup, msg, replySubjects } from './support/journal.ts';

/** The half second after which no more is waited for, made so long that a busy machine is not taken for it. */
const GIVEN_UP_MS = 10_000;
const PATIENT: Clock = {
  ...systemClock,
  after: (delayMs, action) => systemClock.after(delayMs < 500 ? delayMs : GIVEN_UP_MS, action),
};

/** A server whose one connection is the socket of a dead cell, and that does `onPing` when it is pinged. */
async function startPeer(onPing: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      if (chunk.includes('PING\r\n')) onPing(socket);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const looks: number[] = [];
  const look: SidLookup = (sid, subject) => {
    looks.push(sid);
    return lookup(sid, subject);
  };
  const recovery = new Recovery(journal([]), look, replySubjects);
  const socket = await dialPaused('127.0.0.1', port);
  return {
    looks,
    recovery,
    orphan: new OrphanSocket(socket, recovery, PATIENT),
    async [Symbol.asyncDispose]() {
      socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test('Subscriptions of a dead cell have ended when the server says so, however much of others goes on coming', async () => {
  let timer: NodeJS.Timeout | undefined;
  await using peer = await startPeer((socket) => {
    socket.write(`${msg('before')}PONG\r\n`);
    timer = setInterval(() => socket.write(msg('other', '', 2)), 5);
  });
  const startedMs = performance.now();
  await peer.orphan.unsubscribe([1]);
  const tookMs = performance.now() - startedMs;
  clearInterval(timer);
  assert.ok(tookMs < GIVEN_UP_MS, `it took ${tookMs} ms`);
  assert.equal(peer.recovery.unstarted[0]?.reply, 'before');
});

test('A PONG that a sender has written into a message ends nothing', async () => {
  await using peer = await startPeer((socket) => {
    socket.write(msg('forged', `x\r\nPONG\r\n${msg('in it')}PONG\r\n`).slice(0, -2));
    setTimeout(() => socket.write(`\r\n${msg('behind')}PONG\r\n`), 100);
  });
  await peer.orphan.unsubscribe([1]);
  assert.deepEqual(
    peer.recovery.unstarted.map(({ reply }) => reply),
    ['forged', 'behind'],
  );
});

test('What a dead cell has not read is read once, however often it is asked for', async () => {
  const count = 200;
  await using peer = await startPeer((socket) => {
    for (let index = 0; index < count; index += 1) socket.write(msg(`r${index}`));
    socket.write('PONG\r\n');
  });
  for (let round = 0; round < 3; round += 1) {
    await peer.orphan.unsubscribe([]);
    assert.equal(peer.recovery.unstarted.length, (round + 1) * count);
    assert.equal(peer.looks.length, (round + 1) * count);
  }
});

test('Where nothing can be read, nothing is waited for', async () => {
  await using peer = await startPeer((socket) => socket.write('\0\0\0'));
  const startedMs = performance.now();
  await peer.orphan.unsubscribe([1]);
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs < GIVEN_UP_MS, `it took ${tookMs} ms`);
});
