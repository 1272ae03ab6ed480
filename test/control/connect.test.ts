import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createUser } from '@nats-io/nkeys';
import { connectNats, requireServer } from '../../src/control/index.ts';
import { startTestNats, type TestNats } from '../support/nats.ts';
import { startGuardedNats } from './support/guarded-nats.ts';

let server: TestNats;

before(async () => {
  server = await startTestNats();
});

after(async () => {
  await server?.[Symbol.asyncDispose]();
});

interface FakeServer extends AsyncDisposable {
  readonly url: string;
}

/** Listens on a free port of this machine, says `greeting` to whoever connects, and answers PING with PONG. */
async function startFakeServer(greeting: string): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  const fake = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (/PING\r\n/.test(data.toString())) socket.write('PONG\r\n');
    });
    socket.write(greeting);
  });
  await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
  const address = fake.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `nats://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (fake.listening) await new Promise((resolve) => fake.close(resolve));
    },
  };
}

test('A connection to a real server works and passes the check', async () => {
  await using nc = await connectNats({ servers: [server.url] }, { name: 'test' });
  await requireServer(nc);
});

test('The second of two servers is used when the first is down', async () => {
  await using fake = await startFakeServer('');
  const { url } = fake;
  await fake[Symbol.asyncDispose]();
  await using nc = await connectNats({ servers: [url, server.url] }, { name: 'test' });
  assert.equal(nc.getServer(), server.url.slice('nats://'.length));
});

test('A server that is not there is unreachable, and the message names it without its password', async () => {
  await assert.rejects(
    connectNats({ servers: ['nats://ada:secret@127.0.0.1:1', 'nats://127.0.0.1:2'] }, { name: 'test' }),
    {
      code: 'HS_NATS_UNREACHABLE',
      message: 'Cannot connect to "nats://127.0.0.1:1", "nats://127.0.0.1:2": connection refused',
    },
  );
});

test('A server that says nothing is unreachable after the time-out', async () => {
  await using fake = await startFakeServer('');
  await assert.rejects(connectNats({ servers: [fake.url] }, { name: 'test', timeoutMs: 100 }), {
    code: 'HS_NATS_UNREACHABLE',
    message: `Cannot connect to "${fake.url}": no answer in time`,
  });
});

test('Something that is no NATS server is unreachable', async () => {
  await using web = await startFakeServer('HTTP/1.1 400 Bad Request\r\n\r\n');
  await assert.rejects(connectNats({ servers: [web.url] }, { name: 'test', timeoutMs: 1_000 }), {
    code: 'HS_NATS_UNREACHABLE',
  });
});

test('Refused credentials are told apart from an unreachable server', async () => {
  await using guarded = await startGuardedNats('{ publish: ">", subscribe: ">" }');
  const seed = new TextDecoder().decode(createUser().getSeed());
  for (const credentials of [{}, { user: 'ada', password: 'wrong' }, { token: 'x' }, { nkeySeed: seed }]) {
    await assert.rejects(connectNats({ servers: [guarded.url], ...credentials }, { name: 'test' }), {
      code: 'HS_NATS_REFUSED',
    });
  }
  await using nc = await connectNats(
    { servers: [guarded.url], user: 'ada', password: 'secret' },
    { name: 'test' },
  );
  assert.equal(nc.isClosed(), false);
});

test('Credentials that cannot be read are refused before they are sent', async () => {
  await assert.rejects(connectNats({ servers: [server.url], nkeySeed: 'SUNOPE' }, { name: 'test' }), {
    code: 'HS_CONTEXT_INVALID',
  });
  await assert.rejects(connectNats({ servers: [server.url], creds: 'nope' }, { name: 'test' }), {
    code: 'HS_CONTEXT_INVALID',
  });
});

test('An old server is refused with both versions named', async () => {
  const info = { server_id: 'NTEST', version: '2.10.26', proto: 1, headers: true, max_payload: 1_048_576 };
  await using fake = await startFakeServer(`INFO ${JSON.stringify(info)}\r\n`);
  const nc = await connectNats({ servers: [fake.url] }, { name: 'test', reconnect: false });
  await assert.rejects(requireServer(nc), { code: 'HS_NATS_VERSION', message: /2\.10\.26 .* 2\.10\.27/ });
  await nc.close();
});

test('A server or an account without JetStream is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-accounts-'));
  const file = join(folder, 'nats.conf');
  await writeFile(
    file,
    [
      'accounts {',
      '  WITH { jetstream: enabled, users: [{ user: with, password: p }] }',
      '  WITHOUT { users: [{ user: without, password: p }] }',
      '}',
    ].join('\n'),
  );
  await using accounts = await startTestNats({ extraArguments: ['-c', file] });
  await rm(folder, { recursive: true });
  const servers = [accounts.url];
  await using enabled = await connectNats({ servers, user: 'with', password: 'p' }, { name: 'test' });
  await requireServer(enabled);
  await using disabled = await connectNats({ servers, user: 'without', password: 'p' }, { name: 'test' });
  await assert.rejects(requireServer(disabled), { code: 'HS_NATS_JETSTREAM', message: /for this account/ });
});

test('A connection comes back by itself when its server does', async () => {
  const first = await startTestNats();
  await using nc = await connectNats({ servers: [first.url] }, { name: 'test' });
  const back = Promise.withResolvers<void>();
  const follow = async (): Promise<void> => {
    for await (const status of nc.status()) if (status.type === 'reconnect') back.resolve();
  };
  const following = follow();
  await first[Symbol.asyncDispose]();
  await using _second = await startTestNats({ port: first.port });
  await back.promise;
  await nc.flush();
  await nc.close();
  await following;
});
