import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, HairspringError, type NatsEndpoint, silentLogger } from '../../core/index.ts';
import { type Child, type ChildSettings, scriptBeside, startChild } from '../../measure/index.ts';
import { type OwnServer, startOwnServer } from '../node/start-own-server.ts';
import type { CommandContext } from '../shell/command.ts';
import { renderLogRecord } from '../shell/log-line.ts';
import { childSettings } from './child-settings.ts';
import type { HostCommands, HostProcessOptions } from './host-process.ts';

export type HostSettings = Pick<HostProcessOptions, 'spareCells' | 'spareIsolates' | 'warmInstances'>;

/** A node in a process of its own. Disposing stops it. */
export interface BenchHost extends AsyncDisposable {
  readonly nodeId: string;
  /** How a developer of the namespace connects. */
  readonly endpoint: NatsEndpoint;
  /** Where it serves HTTP triggers of the namespace, on the loopback address. */
  readonly httpPort: number;
  readonly pid: number;
  cellPids(): Promise<readonly number[]>;
}

/** A nats-server for one measurement. Disposing stops it and removes its folder; stop its hosts before. */
export interface BenchSite extends AsyncDisposable {
  readonly server: OwnServer;
  /** Starts a node on the server, with what earlier ones were deployed. @throws what keeps it from starting */
  startHost(settings: HostSettings): Promise<BenchHost>;
}

/** @throws HS_DATA_DIR, HS_NATS_SERVER_MISSING, HS_NATS_SERVER_FAILED */
export async function openSite(context: CommandContext, natsServer: string | undefined): Promise<BenchSite> {
  const { env, options, output } = context;
  await using stack = new AsyncDisposableStack();
  const dataDir = stack.use(await temporaryFolder()).path;
  const logger = output.json
    ? silentLogger
    : createLogger((record) => output.note(renderLogRecord(record, output.errorPaint)), 'error');
  const server = stack.use(await startOwnServer({ natsServer, ports: [0], dataDir, logger }, env, output));
  const owned = stack.move();
  return {
    server,
    startHost: (settings) =>
      startHost(
        {
          ...settings,
          url: server.url,
          operatorFile: server.operatorFile,
          dataDir: join(dataDir, 'node'),
          namespace: options.namespace,
        },
        childSettings(context),
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Removed when disposed, and also when this process ends before that. */
async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'hairspring-bench-'));
  const removal = { recursive: true, force: true, maxRetries: 3 } as const;
  const removeNow = (): void => rmSync(path, removal);
  process.once('exit', removeNow);
  return {
    path,
    async [Symbol.asyncDispose]() {
      process.off('exit', removeNow);
      await rm(path, removal);
    },
  };
}

async function startHost(options: HostProcessOptions, settings: ChildSettings): Promise<BenchHost> {
  const script = scriptBeside(import.meta.url, 'host-process');
  const child: Child<HostCommands> = await startChild<HostCommands>(script, options, settings);
  const dispose = (): Promise<void> => Promise.resolve(child[Symbol.asyncDispose]());
  try {
    const started = await child.call('start', null);
    if ('error' in started) throw HairspringError.fromWire(started.error);
    return {
      ...started,
      pid: child.pid,
      cellPids: () => child.call('cellPids', null),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
