import { join } from 'node:path';
import {
  HairspringError,
  type Logger,
  type NatsEndpoint,
  SYSTEM_NAMESPACE,
  type Withheld,
} from '../../core/index.ts';
import {
  type FoundNatsServer,
  type HttpListener,
  loadOperator,
  ownerEndpoint,
  type RunningHost,
  readAccountsFile,
  startHost,
  type TelemetryOptions,
} from '../../host/index.ts';
import type { CliEnvironment } from '../shell/environment.ts';
import type { Output } from '../shell/output.ts';
import { announceServer } from '../shell/own-server.ts';
import { makeDataDir } from './data-dir.ts';
import { lockDataDir } from './data-lock.ts';
import type { ListenAddress } from './listen-address.ts';
import { startOwnServer } from './start-own-server.ts';

export interface LocalNodeOptions {
  /** A NATS to join; without it a nats-server is started. */
  readonly join: NatsEndpoint | undefined;
  /** Path of the ways into the accounts of namespaces, on a NATS that is joined. */
  readonly accounts: string | undefined;
  /** Path of the nats-server to start. */
  readonly natsServer: string | undefined;
  /** Ports to try in turn; 0 is any free one. */
  readonly ports: readonly number[];
  readonly dataDir: string;
  readonly nodeName: string | undefined;
  readonly telemetry: TelemetryOptions;
  readonly logger: Logger;
  /** Where HTTP triggers are served. */
  readonly http?: HttpListener | undefined;
  /** Where callers are answered beside inboxes. */
  readonly replySubjects: readonly string[];
  /** What functions may not be bound to. */
  readonly withheld: Withheld;
  /** Where debuggers may attach. */
  readonly inspect?: ListenAddress | undefined;
}

/** Why a node has ended: it was asked to, its own nats-server has, or the error that it cannot go on for. */
export type NodeEnd = 'stopped' | 'server-lost' | HairspringError;

/** A node in this process, with its nats-server if it has one. Disposing drains it, then stops the server. Idempotent. */
export interface LocalNode extends AsyncDisposable {
  /** Where the server is; without credentials when it is ours. */
  readonly endpoint: NatsEndpoint;
  /** How tools connect to speak for a namespace, `system` for the nodes. */
  endpointFor(namespace: string): Promise<NatsEndpoint>;
  readonly host: RunningHost;
  /** Where the nats-server came from that was started, if one was. */
  readonly server: FoundNatsServer | undefined;
  /** Resolves with the reason when the node ends by itself. */
  readonly ended: Promise<NodeEnd>;
}

/**
 * Starts a node. What was started is stopped again when a later step fails.
 * @throws HS_DATA_DIR, HS_NATS_SERVER_MISSING, HS_NATS_SERVER_FAILED, HS_PORT_TAKEN, HS_NATS_…,
 *   HS_ACCOUNTS_INVALID
 */
export async function startLocalNode(
  options: LocalNodeOptions,
  env: CliEnvironment,
  output: Output,
): Promise<LocalNode> {
  await using stack = new AsyncDisposableStack();
  const accounts = options.accounts === undefined ? undefined : readAccountsFile(options.accounts);
  await makeDataDir(options.dataDir);
  // The host guards its own folder; the store of the nats-server is ours to guard.
  const lock = options.join === undefined ? stack.use(await lockDataDir(options.dataDir)) : undefined;
  const server =
    lock === undefined
      ? undefined
      : stack.use(
          await startOwnServer({ ...options, onSpawn: (spawned) => lock.noteServer(spawned) }, env, output),
        );
  const operator = server === undefined ? undefined : loadOperator(server.operatorFile);
  const endpoint = options.join ?? { servers: [server?.url ?? ''] };
  const nats = operator === undefined ? endpoint : ownerEndpoint(operator.node, endpoint, 'node');
  const host = stack.use(
    await startHost({
      nats,
      operator,
      delegation: accounts === undefined ? undefined : { file: accounts },
      dataDir: join(options.dataDir, 'node'),
      logger: options.logger,
      telemetry: options.telemetry,
      inspect: options.inspect,
      http: options.http,
      replySubjects: options.replySubjects,
      withheld: options.withheld,
      ...(options.nodeName === undefined ? {} : { nodeName: options.nodeName }),
    }),
  );
  if (server !== undefined && nats.creds !== undefined)
    stack.use(await announceServer(env, server.url, nats.creds, options.logger));
  const endings: Promise<NodeEnd>[] = [host.stopped.then((failure) => failure ?? 'stopped')];
  if (server !== undefined) endings.push(server.exited.then(() => 'server-lost'));
  const running = stack.move();
  return {
    endpoint,
    endpointFor: (namespace) =>
      namespace === SYSTEM_NAMESPACE ? Promise.resolve(nats) : host.namespaceEndpoint(namespace),
    host,
    server: server?.found,
    ended: Promise.race(endings),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What a server that ended under a running node is reported as. */
export function serverLost(): HairspringError {
  return new HairspringError('HS_NATS_SERVER_FAILED', 'Cannot go on: nats-server has ended', {
    hint: 'Its last words are in the log above; start again when the cause is mended',
  });
}
