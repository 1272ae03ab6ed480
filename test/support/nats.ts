/** A real nats-server for a test, found or fetched as the product does it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { type Logger, NATS_SERVER_VERSIONS, natsServerHas, silentLogger } from '../../src/core/index.ts';
import {
  defaultCacheDir,
  type FetchProgress,
  type FoundNatsServer,
  findNatsServer,
  type RunningNatsServer,
  startNatsServer,
} from '../../src/host/nats-server/index.ts';

export interface TestNatsOptions {
  /** @default a free one */
  readonly port?: number;
  /** Kept at the end. @default a temporary folder that is removed at the end */
  readonly storeDir?: string;
  /** More arguments for nats-server, such as `--auth TOKEN`. */
  readonly extraArguments?: readonly string[];
  readonly logger?: Logger;
}

export interface TestNats extends RunningNatsServer {
  readonly storeDir: string;
}

let found: Promise<FoundNatsServer> | undefined;

/** The nats-server that tests run with; the first test on a machine may fetch it, the others wait for that. */
export function findTestNats(): Promise<FoundNatsServer> {
  const { PATH = '' } = process.env;
  found ??= findNatsServer({
    cacheDir: defaultCacheDir(process.env),
    pathVariable: PATH,
    report: showFetch,
  });
  return found;
}

/** Why a test of `feature` is skipped, in the form of `node:test`: the nats-server of the tests is older; else false. */
export async function skipWithout(feature: keyof typeof NATS_SERVER_VERSIONS): Promise<string | false> {
  const { version } = await findTestNats();
  const since = NATS_SERVER_VERSIONS[feature];
  return natsServerHas(version, since) ? false : `needs nats-server ${since}, and this is ${version}`;
}

/** Starts a server with JetStream on a free port; disposing stops it and removes its folder. */
export async function startTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const { path: binary } = await findTestNats();
  const storeDir = options.storeDir ?? (await mkdtemp(join(tmpdir(), 'hairspring-nats-')));
  const removeStore = async (): Promise<void> => {
    if (options.storeDir === undefined) await rm(storeDir, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const { extraArguments = [], logger = silentLogger, port = 0 } = options;
    const server = await startNatsServer({ binary, storeDir, port, logger, extraArguments });
    return {
      ...server,
      storeDir,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await removeStore();
      },
    };
  } catch (error) {
    await removeStore();
    throw error;
  }
}

/** A plain client of `server`, as somebody outside has it. Close it with `await nc.close()`. */
export function connectTo(
  server: { readonly url: string },
  options: NodeConnectionOptions = {},
): Promise<NatsConnection> {
  return connect({ servers: server.url, ...options });
}

function showFetch(event: FetchProgress): void {
  if (event.type === 'started') console.error(`Fetching nats-server (${event.origin}): ${event.detail}`);
  if (event.type === 'rejected') console.error(`No nats-server by ${event.origin}: ${event.reason}`);
  if (event.type === 'installed') console.error(`Installed nats-server ${event.server.version}`);
}
