/** A cell whose own connection is away for a moment. */
import assert from 'node:assert/strict';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger, systemClock } from '../../src/core/index.ts';
import type { Accounts } from '../../src/host/accounts/index.ts';
import { CellSupervisor } from '../../src/host/cells/index.ts';
import type { SecretSource } from '../../src/host/secrets/index.ts';
import { until } from '../support/load.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { startRelay } from '../support/relay.ts';
import { createSpec } from '../support/spec.ts';

test('A function is taken in by a cell whose connection is away for a moment, and the cell goes on', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  await using artifacts = await mkdtempDisposable(join(tmpdir(), 'hairspring-outage-'));
  const nc = await connectTo(server);
  const own = {
    connectAs: async () => ({ servers: [relay.url] }),
    credentialFor: () => undefined,
    withdraw: () => undefined,
  };
  const access = { nc, renewMs: undefined, forCell: () => own, withdraw: () => undefined };
  const secrets: SecretSource = { seedOf: () => '', sealedFor: () => [] };
  await using cells = new CellSupervisor({
    accounts: { open: async () => access } as unknown as Accounts,
    clock: systemClock,
    logger: silentLogger,
    spareCells: 0,
    secrets,
    cell: {
      nodeId: 'N',
      artifactDir: artifacts.path,
      rssLimitBytes: 1e9,
      hangGraceMs: 200,
      spareIsolates: 0,
      warmInstances: 1,
      idleEvictMs: 60_000,
      warmMemoryBytes: 1e8,
      inlineCpuMs: 50,
      replySubjects: [],
      inspect: false,
    },
  });
  const first = createSpec({ name: 'first' });
  await cells.activate(first);
  const { pids } = cells;
  relay.cut();
  const taken = cells.activate(createSpec({ name: 'second' }));
  await sleep(800);
  relay.admit();
  await taken;
  assert.deepEqual(cells.pids, pids);
  const [stats] = await until('it tells of itself', () => cells.stats(first.namespace, null));
  assert.equal(stats?.functions.length, 2);
  await nc.close();
});
