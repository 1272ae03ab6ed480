/** What a soak runs on: a server, a node and a source of load, each a process of its own. */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { createControlClient } from '../../src/control/index.ts';
import { createLogger, formatDuration, LIMIT_RANGES } from '../../src/core/index.ts';
import { type Child, startChild } from '../../src/measure/index.ts';
import { deployTo, type TestFunction } from '../support/host.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';
import type { DriverCommands } from './driver.ts';
import { SOAK_FUNCTIONS } from './functions.ts';
import type { SoakHostCommands } from './host-process.ts';

export interface SoakWorld extends AsyncDisposable {
  readonly nats: TestNats;
  readonly host: Child<SoakHostCommands>;
  readonly driver: Child<DriverCommands>;
  readonly nc: NatsConnection;
  /** Of the server's monitoring endpoint, without a slash at the end. */
  readonly monitorUrl: string;
  /** What the server has warned of so far. */
  readonly serverWarnings: readonly string[];
  deploy(definition: TestFunction): Promise<void>;
  undeploy(name: string): Promise<void>;
}

/** A request without an answer for so long is one that was lost: more than any limit of the functions. */
const SILENT_AFTER_MS = 30_000;

/** Starts all of it and deploys the functions. */
export async function startSoakWorld(): Promise<SoakWorld> {
  await using stack = new AsyncDisposableStack();
  const monitorPort = await freePort();
  const serverWarnings: string[] = [];
  const logger = createLogger(({ message, fields }) => {
    serverWarnings.push(`${message} ${JSON.stringify(fields)}`);
  }, 'warn');
  const nats = stack.use(await startTestNats({ extraArguments: ['-m', String(monitorPort)], logger }));
  const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-soak-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true, maxRetries: 3 }));
  const host = stack.use(
    await startChild<SoakHostCommands>(new URL('./host-process.ts', import.meta.url), {
      url: nats.url,
      dataDir,
    }),
  );
  const nc = await connectTo(nats, { maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  stack.defer(() => nc.close());
  const driver = stack.use(
    await startChild<DriverCommands>(new URL('./driver.ts', import.meta.url), {
      url: nats.url,
      silentAfterMs: SILENT_AFTER_MS,
    }),
  );
  const client = createControlClient(nc, { namespace: 'default' });
  const deploy = async (definition: TestFunction): Promise<void> => {
    const { namespace, limits } = definition;
    await deployTo(nc, namespace === undefined ? client : createControlClient(nc, { namespace }), {
      ...definition,
      limits: { cpu: formatDuration(LIMIT_RANGES.cpuMs.default), ...limits },
    });
  };
  for (const { definition } of SOAK_FUNCTIONS) await deploy(definition);
  const owned = stack.move();
  return {
    nats,
    host,
    driver,
    nc,
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    serverWarnings,
    deploy,
    undeploy: async (name) => void (await client.undeploy(name)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
