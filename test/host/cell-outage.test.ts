/** A cell that cannot reach its server for a moment. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
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

/** Cells without code, in one account. */
async function startCells(access: object, spareCells: number) {
  const artifacts = await mkdtempDisposable(join(tmpdir(), 'hairspring-outage-'));
  const secrets: SecretSource = { seedOf: () => '', sealedFor: () => [] };
  const cells = new CellSupervisor({
    accounts: { open: async () => access } as unknown as Accounts,
    clock: systemClock,
    logger: silentLogger,
    spareCells,
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
  return {
    cells,
    async [Symbol.asyncDispose]() {
      await cells[Symbol.asyncDispose]();
      await artifacts.remove();
    },
  };
}

test('A function is taken in by a cell whose connection is away for a moment, and the cell goes on', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  const nc = await connectTo(server);
  const own = {
    connectAs: async () => ({ servers: [relay.url] }),
    credentialFor: () => undefined,
    withdraw: () => undefined,
  };
  const access = { nc, renewMs: undefined, forCell: () => own, withdraw: () => undefined };
  await using started = await startCells(access, 0);
  const { cells } = started;
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

test('A cell whose connection stays away takes a function in before it would be given up, and serves it later', async () => {
  await using server = await startTestNats();
  await using relay = await startRelay(server);
  const nc = await connectTo(server);
  const own = {
    connectAs: async () => ({ servers: [relay.url] }),
    credentialFor: () => undefined,
    withdraw: () => undefined,
  };
  const access = { nc, renewMs: undefined, forCell: () => own, withdraw: () => undefined };
  await using started = await startCells(access, 0);
  const { cells } = started;
  await cells.activate(createSpec({ name: 'first' }));
  const { pids } = cells;
  relay.cut();
  const startedMs = performance.now();
  await cells.activate(createSpec({ name: 'second' }));
  assert.ok(performance.now() - startedMs < 20_000, 'a cell that does not answer for 30 s is ended');
  assert.deepEqual(cells.pids, pids);
  relay.admit();
});

test('A cell that dies while its credentials are renewed is replaced before a server that says nothing is given up', async () => {
  await using server = await startTestNats();
  await using silent = await startSilentServer();
  const nc = await connectTo(server);
  let asked = 0;
  const own = {
    isWorn: false,
    connectAs: async () => {
      asked += 1;
      return { servers: [asked === 2 ? silent.url : server.url] };
    },
    credentialFor: () => undefined,
    renewed: () => undefined,
    withdraw: () => undefined,
  };
  const access = { nc, renewMs: 2_000, forCell: () => own, withdraw: () => undefined };
  await using started = await startCells(access, 1);
  const { cells } = started;
  const spec = createSpec({ name: 'renewed' });
  await cells.activate(spec);
  const [pid = 0] = cells.pids;
  await silent.asked;
  const diedMs = performance.now();
  process.kill(pid, 'SIGKILL');
  await until('another serves', async () => {
    const [stats] = await cells.stats(spec.namespace, null);
    return !cells.pids.includes(pid) && stats !== undefined;
  });
  const tookMs = performance.now() - diedMs;
  assert.ok(tookMs < 1_800, `It took ${tookMs} ms`);
  await nc.close();
});

/** Takes connections and never says a word. */
async function startSilentServer() {
  const sockets = new Set<Socket>();
  const asked = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    asked.resolve();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `nats://127.0.0.1:${port}`,
    asked: asked.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
