import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WindowReader } from '../../src/cell/window-reader.ts';
import { JOURNAL, readWindow, toFill } from '../../src/core/index.ts';
import { JournalFile } from '../../src/host/cells/journal-file.ts';
import { recover } from '../host/support/journal.ts';
import { until } from '../support/load.ts';

const READER = fileURLToPath(new URL('fixtures/stuck-reader.ts', import.meta.url));
const MESSAGE = 'MSG s 1 reply.here 5\r\nhello\r\n';

async function listen(onConnection: (socket: Socket) => void): Promise<AsyncDisposable & { port: number }> {
  const server = createServer(onConnection).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

test('What a process has read and not put on record when it is killed is found all the same', async () => {
  using journal = new JournalFile();
  const sockets: Socket[] = [];
  await using server = await listen((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
    socket.write(MESSAGE);
  });
  const child = spawn(
    process.execPath,
    ['--permission', '--allow-net', '--allow-fs-read=*', '--allow-ffi', READER, `${server.port}`],
    { stdio: ['ignore', 'pipe', 'ignore', journal.fd] },
  );
  assert.ok(child.stdout !== null);
  const said = text(child.stdout);
  await until('it has read', () => readWindow(journal.read(), 0).bytes.length > 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (const socket of sockets) socket.destroy();
  assert.deepEqual(JSON.parse(await said), { shared: true, ffi: false });
  const { unstarted } = recover(journal.read(), new Uint8Array(0), () => ({
    functionId: 'f',
    triggerKey: 'a',
  }));
  assert.deepEqual(
    unstarted.map(({ reply, data }) => [reply, Buffer.from(data).toString()]),
    [['reply.here', 'hello']],
  );
});

test('Chunks come through both windows whole and in order, and leave them filled again', async () => {
  const sent = Buffer.alloc(20 * JOURNAL.windowBytes, 'a stream of bytes\r\n');
  await using server = await listen((socket) => socket.end(sent));
  const fill = toFill(randomBytes(JOURNAL.windowBytes));
  const buffers = [fill.slice(), fill.slice()] as const;
  const witnessed: Uint8Array[] = [];
  const inTurns: number[] = [];
  const reader = new WindowReader(
    { buffers, fill },
    {
      inbound: (chunk, window) => {
        witnessed.push(chunk);
        inTurns.push(window ?? -1);
      },
    },
  );
  const plain = connect(server.port, '127.0.0.1');
  plain.pause();
  await once(plain, 'connect');
  const socket = reader.read(plain);
  const seen: Uint8Array[] = [];
  socket.on('data', (chunk: Buffer) => seen.push(chunk));
  await once(socket, 'end');
  socket.destroy();
  assert.ok(Buffer.concat(seen).equals(sent));
  assert.ok(Buffer.concat(witnessed).equals(sent));
  assert.deepEqual(
    inTurns,
    inTurns.map((_, index) => index % 2),
  );
  for (const buffer of buffers) assert.deepEqual(buffer, fill);
});
