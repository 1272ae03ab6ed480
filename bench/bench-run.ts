import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../src/control/index.ts';
import { loadOperator, ownerEndpoint, writeServerConfig } from '../src/host/index.ts';
import { type Child, startChild, startEchoProcess } from '../src/measure/index.ts';
import { startTestNats, type TestNats } from '../test/support/nats.ts';
import type { HostCommands, HostProcessOptions } from './host-process.ts';
import type { KvGetOptions } from './kv-responder.ts';
import type { LoadCommands } from './load-generator.ts';
import type { Plan } from './plan.ts';
import type { WasiOptions } from './wasi-responder.ts';

const HOST_SCRIPT = new URL('./host-process.ts', import.meta.url);

export type HostChild = Child<HostCommands>;
export type GeneratorChild = Child<LoadCommands>;

/** What all tiers share. */
export interface BenchRun {
  readonly plan: Plan;
  /** Tells what goes on, in a line. */
  readonly progress: (text: string) => void;
}

/** One nats-server with nothing in it, a client, and the data folder of a host. */
export interface Site extends AsyncDisposable {
  readonly nats: TestNats;
  readonly nc: NatsConnection;
  readonly dataDir: string;
  startHost(
    options: Omit<HostProcessOptions, 'url' | 'operatorFile' | 'dataDir' | 'logLevel'> & {
      quiet?: boolean;
      /** @default of this bench's own tree */
      script?: URL;
    },
  ): Promise<HostChild>;
  /** A connection in the account of the nodes. The caller closes it. */
  connectAsNode(): Promise<NatsConnection>;
  /** Of somebody who owns a namespace, as the text of a `.creds` file; valid once a host has served it. */
  credsOf(namespace: string): string;
  startGenerator(payloadBytes: number): Promise<GeneratorChild>;
}

/** Starts a nats-server of its own for some tiers. Disposing removes all of it; stop hosts before. */
export async function openSite(): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'hairspring-bench-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const dir = join(dataDir, 'keys');
  const operatorFile = join(dir, 'operator.seed');
  const operator = loadOperator(operatorFile);
  // Clients without credentials, as the bare responders are, share the account of the functions.
  const config = writeServerConfig({ dir, operator, anonymousNamespace: 'bench' });
  const nats = stack.use(await startTestNats({ extraArguments: ['--config', config] }));
  const { url } = nats;
  const nc = await connect({ servers: url });
  stack.defer(() => nc.close());
  const owned = stack.move();
  return {
    nats,
    nc,
    dataDir,
    startHost: ({ quiet = false, script = HOST_SCRIPT, ...options }) =>
      startChild<HostCommands>(script, {
        ...options,
        url,
        operatorFile,
        dataDir,
        logLevel: quiet ? 'error' : 'warn',
      } satisfies HostProcessOptions),
    connectAsNode: () =>
      connectNats(ownerEndpoint(operator.node, { servers: [url] }, 'node'), {
        name: 'bench',
        reconnect: false,
      }),
    credsOf: (namespace) => ownerEndpoint(operator.namespace(namespace), { servers: [url] }, 'bench').creds,
    startGenerator: (payloadBytes) =>
      startChild<LoadCommands>(new URL('./load-generator.ts', import.meta.url), { url, payloadBytes }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Starts the bare nats.js echo. */
export function startEcho({
  url,
  subject,
}: {
  readonly url: string;
  readonly subject: string;
}): Promise<Child<Record<never, never>>> {
  return startEchoProcess({ servers: [url], subject });
}

/** Starts the responder that runs a WASI command by `node:wasi`. */
export function startNodeWasi(options: WasiOptions): Promise<Child<Record<never, never>>> {
  return startChild(new URL('./wasi-responder.ts', import.meta.url), options);
}

/** Starts the bare nats.js responder that does a KV get. */
export function startKvGet(options: KvGetOptions): Promise<Child<Record<never, never>>> {
  return startChild(new URL('./kv-responder.ts', import.meta.url), options);
}
