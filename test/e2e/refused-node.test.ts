import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { NatsConnectionImpl } from '@nats-io/nats-core/internal';
import { connectNats, createControlClient } from '../../src/control/index.ts';
import { createLogger } from '../../src/core/index.ts';
import { startHost } from '../../src/host/index.ts';
import { startTestHost } from '../support/host.ts';
import { until } from '../support/load.ts';
import { startTestNats } from '../support/nats.ts';

/** How soon the node answers once the server lets it in again. */
const BACK_WITHIN_MS = 5_000;

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-refused-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

test('A node that the server has refused again and again answers once it is let in', async (t) => {
  const folder = await folderOf(t);
  const config = join(folder, 'nats.conf');
  const allow = async (password: string): Promise<void> =>
    await writeFile(
      config,
      `authorization { users: [{ user: node, password: ${password} }, { user: client, password: secret }] }\n`,
    );
  await allow('right');
  await using server = await startTestNats({ extraArguments: ['-c', config] });
  const logs: string[] = [];
  await using _host = await startHost({
    nats: { servers: [server.url], user: 'node', password: 'right' },
    dataDir: join(folder, 'node'),
    nodeName: 'refused',
    logger: createLogger(({ message }) => logs.push(message), 'debug'),
    spareCells: 0,
  });
  const nc = await connectNats(
    { servers: [server.url], user: 'client', password: 'secret' },
    { name: 'client' },
  );
  t.after(() => nc.close());
  const client = createControlClient(nc, { namespace: 'default' });
  const isThere = async (): Promise<boolean> => (await client.nodes()).length === 1;
  assert.ok(await isThere());

  const reload = (): boolean => process.kill(server.pid, 'SIGHUP');
  await allow('wrong');
  reload();
  await until('the node is cut off', async () => !(await isThere()));
  // It tries twice a second.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await allow('right');
  reload();
  const startedMs = performance.now();
  await until('the node answers', isThere);
  assert.ok(performance.now() - startedMs < BACK_WITHIN_MS, 'it took too long');
});

test('A node whose connection has ended for good says so and stops', async (t) => {
  const watched = t.mock.method(NatsConnectionImpl.prototype, 'closed');
  await using world = await startTestHost();
  const [nc] = watched.mock.calls.map((call) => call.this);
  assert.ok(nc instanceof NatsConnectionImpl, 'nobody watches the connection');
  await nc.close();
  assert.equal((await world.host.stopped)?.code, 'HS_NATS_UNREACHABLE');
  assert.ok(world.logs.some(({ level, message }) => level === 'error' && /connection/.test(message)));
});
