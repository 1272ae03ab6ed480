import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectNats, createControlClient } from '../../src/control/index.ts';
import { silentLogger } from '../../src/core/index.ts';
import { startHost } from '../../src/host/index.ts';
import { deployTo, handler } from '../support/host.ts';
import { ask, until } from '../support/load.ts';
import { startTestNats } from '../support/nats.ts';

const file = (name: string): string => fileURLToPath(new URL(`fixtures/tls/${name}`, import.meta.url));

test('Functions are served over TLS, and by another cell when theirs dies', async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(
    await startTestNats({
      extraArguments: ['--tls', '--tlscert', file('cert.pem'), '--tlskey', file('key.pem')],
    }),
  );
  const endpoint = {
    servers: [server.url.replace('nats://', 'tls://')],
    tlsCa: readFileSync(file('cert.pem'), 'utf8'),
  };
  const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-tls-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true, maxRetries: 3 }));
  const nc = await connectNats(endpoint, { name: 'test' });
  stack.defer(() => nc.close());
  const host = stack.use(
    await startHost({
      nats: endpoint,
      dataDir,
      nodeName: 'tls',
      logger: silentLogger,
    }),
  );
  const client = createControlClient(nc, { namespace: 'default' });
  await deployTo(nc, client, { name: 'echo', code: handler('return msg.text();') });
  const large = 'x'.repeat(500_000);
  assert.equal((await ask(nc, 'echo', large)).text, large);
  assert.equal((await ask(nc, 'echo', 'small')).text, 'small');
  const before = host.cellPids();
  for (const pid of before) process.kill(pid, 'SIGKILL');
  await until(
    'it is served again',
    async () => (await ask(nc, 'echo', 'again', { timeoutMs: 500 })).text === 'again',
  );
});
