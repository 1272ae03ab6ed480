import { join } from 'node:path';
import { HairspringError, type Logger, NATS_SERVER_VERSIONS, natsServerHas } from '../../core/index.ts';
import {
  type FoundNatsServer,
  findNatsServer,
  type LockedServer,
  loadOperator,
  type Operator,
  type RunningNatsServer,
  startNatsServer,
  writeServerConfig,
} from '../../host/index.ts';
import type { CliEnvironment } from '../shell/environment.ts';
import { DEFAULT_NAMESPACE } from '../shell/global-options.ts';
import type { Output } from '../shell/output.ts';
import { createFetchReporter } from './fetch-progress.ts';

export interface OwnServerOptions {
  /** Path of the nats-server to start. */
  readonly natsServer: string | undefined;
  /** Ports to try in turn; 0 is any free one. */
  readonly ports: readonly number[];
  readonly dataDir: string;
  readonly logger: Logger;
  /** Called with each process that is started, as soon as it is there. */
  readonly onSpawn?: (server: LockedServer) => void;
}

/** A nats-server with an operator of ours, for this machine alone. Disposing stops it. Idempotent. */
export interface OwnServer extends RunningNatsServer {
  readonly found: FoundNatsServer;
  /** The seed of its operator. */
  readonly operatorFile: string;
}

const LOOPBACK = '127.0.0.1';

/** @throws HS_DATA_DIR, HS_NATS_SERVER_MISSING, HS_NATS_SERVER_FAILED, HS_PORT_TAKEN */
export async function startOwnServer(
  options: OwnServerOptions,
  env: CliEnvironment,
  output: Output,
): Promise<OwnServer> {
  const found = await findNatsServer({
    cacheDir: env.cacheDir,
    pathVariable: env.pathVariable,
    report: createFetchReporter(output),
    ...(options.natsServer === undefined ? {} : { explicitPath: options.natsServer }),
  });
  const { anonymous } = NATS_SERVER_VERSIONS;
  if (!natsServerHas(found.version, anonymous))
    output.note(
      `nats-server ${found.version} takes no client without credentials; the commands find theirs, and from ${anonymous} on none are needed`,
    );
  const operatorFile = join(options.dataDir, 'keys', 'operator.seed');
  const server = await startOnFreePort(found, loadOperator(operatorFile), options, options.ports);
  return { ...server, found, operatorFile };
}

async function startOnFreePort(
  found: FoundNatsServer,
  operator: Operator,
  options: OwnServerOptions,
  [port = 0, ...others]: readonly number[],
): Promise<RunningNatsServer> {
  const config = writeServerConfig({
    dir: join(options.dataDir, 'keys'),
    operator,
    anonymousNamespace: natsServerHas(found.version, NATS_SERVER_VERSIONS.anonymous)
      ? DEFAULT_NAMESPACE
      : undefined,
  });
  const storeDir = join(options.dataDir, 'nats');
  try {
    return await startNatsServer({
      binary: found.path,
      storeDir,
      host: LOOPBACK,
      port,
      logger: options.logger,
      onSpawn: (pid) => options.onSpawn?.({ pid, storeDir }),
      extraArguments: ['--config', config],
    });
  } catch (error) {
    const taken = HairspringError.is(error) && error.code === 'HS_PORT_TAKEN';
    if (!taken || others.length === 0) throw error;
    return await startOnFreePort(found, operator, options, others);
  }
}
