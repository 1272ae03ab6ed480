import { hostname } from 'node:os';
import type { NatsConnection } from '@nats-io/transport-node';
import packageJson from '../../package.json' with { type: 'json' };
import { connectNats, natsFailure, requireServer, serveNode } from '../control/index.ts';
import { HairspringError, type Logger, orLate, ReplySubjects, systemClock } from '../core/index.ts';
import { type Accounts, createOneAccount, DelegatedAccounts, OperatorAccounts } from './accounts/index.ts';
import { CellSupervisor } from './cells/index.ts';
import { Deployments } from './deployments/index.ts';
import { type Gateway, startGateway } from './http/index.ts';
import type { InspectorServer } from './inspect/inspector-server.ts';
import { Node } from './node.ts';
import { NodeSecrets } from './node-secrets.ts';
import { type ResolvedHostOptions, resolveHostOptions } from './options.ts';
import { SecretShelf } from './secrets/index.ts';
import { openDataDir } from './state/data-dir.ts';
import { loadNodeKeys } from './state/node-identity.ts';
import { startTelemetry } from './telemetry/index.ts';
import type { HostOptions, HttpListener, RunningHost } from './types.ts';

/** How long the last answers may take to leave, when the server is slow or away. */
const FLUSH_MS = 1_000;

/**
 * Starts a node: connects to NATS, keeps a cell ready, serves every function that is stored, and
 * answers the control plane.
 * @throws HS_NATS_UNREACHABLE, HS_NATS_REFUSED, HS_NATS_VERSION, HS_NATS_JETSTREAM, HS_DATA_DIR,
 *   HS_ACCOUNTS_INVALID, HS_USAGE
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const resolved = resolveHostOptions(options, hostname());
  const { nats, logger, nodeName, nexus, drainGraceMs, dataDir, ...cell } = resolved;
  const clock = systemClock;
  const replySubjects = new ReplySubjects(cell.replySubjects);
  const startedAt = new Date(clock.now());
  await using stack = new AsyncDisposableStack();
  const data = stack.use(openDataDir(dataDir));
  const keys = loadNodeKeys(data.path);
  const { identity } = keys;
  const nc = await connectNats(nats, { name: `hairspring node ${nodeName}`, outlastsRefusal: true });
  stack.defer(() => nc.close());
  await requireServer(nc);
  const accounts = stack.use(await openAccounts(nc, resolved));
  const { nodeId } = identity;
  const { version } = packageJson;
  const telemetry = await startTelemetry(cell.telemetry, { nodeId, nodeName, version, clock, logger });
  stack.use(telemetry);
  const shelf = await SecretShelf.open(nc, keys, logger);
  const cells = stack.use(
    new CellSupervisor({
      accounts,
      clock,
      logger,
      spareCells: cell.spareCells,
      secrets: shelf,
      reports: telemetry?.reports,
      cell: {
        nodeId,
        artifactDir: data.artifactDir,
        rssLimitBytes: cell.cellRssLimitBytes,
        hangGraceMs: cell.hangGraceMs,
        spareIsolates: cell.spareIsolates,
        warmInstances: cell.warmInstances,
        idleEvictMs: cell.idleEvictMs,
        warmMemoryBytes: cell.warmMemoryBytes,
        inlineCpuMs: cell.inlineCpuMs,
        ...(telemetry === undefined ? {} : { observe: telemetry.observe }),
        replySubjects: cell.replySubjects,
        inspect: cell.inspect !== undefined,
      },
    }),
  );
  const { artifactDir } = data;
  const deployments = stack.use(
    await Deployments.open({
      nc,
      accounts,
      artifactDir,
      artifactSweepMs: resolved.artifactSweepMs,
      cells,
      secrets: shelf,
      withheld: resolved.withheld,
      clock,
      logger,
    }),
  );
  let stopping: Promise<void> | undefined;
  const logUncleanStop = (error: unknown): void =>
    logger.error('The node did not stop cleanly', { error: String(error) });
  const node = new Node({
    ...identity,
    nodeName,
    nexus,
    version,
    startedAt,
    cells,
    deployments,
    accounts,
    secrets: new NodeSecrets({ keys, shelf, cells, deployments }),
    onLameDuck: (delayMs) => void stop(delayMs).catch(logUncleanStop),
  });
  const restored = await deployments.restore();
  const endpoints = await serveNode(nc, node, { logger, clock, replySubjects });
  const inspector =
    cell.inspect === undefined
      ? undefined
      : stack.use(await startInspector(cell.inspect, deployments, cells));
  const gateway =
    cell.http === undefined ? undefined : stack.use(await openGateway(cell.http, deployments, cells, logger));
  node.moveTo('running');
  logger.info('The node is running', { node: node.nodeId, functions: restored });
  const owned = stack.move();
  const { promise: stopped, resolve: onStopped } = Promise.withResolvers<HairspringError | undefined>();
  let failure: HairspringError | undefined;

  /** Accepted work first, then the endpoints, then the rest; every step runs, whatever the others do. */
  function stop(graceMs: number): Promise<void> {
    stopping ??= (async () => {
      await using rest = owned;
      // Before anything else, so that it bids no more; in lame duck it does not anyhow.
      if (node.state() !== 'lameduck') node.moveTo('stopping');
      rest.defer(() => node.moveTo('stopping'));
      rest.use(endpoints);
      deployments[Symbol.dispose]();
      const untilMs = clock.monotonicMs() + graceMs;
      const answered = gateway?.drain();
      await cells.drain(graceMs);
      // Clients that are slow to read have what is left of the time.
      if (answered !== undefined) await orLate(answered, clock, Math.max(0, untilMs - clock.monotonicMs()));
      // Without a server the flush would wait for one.
      await orLate(
        nc.flush().catch(() => undefined),
        clock,
        FLUSH_MS,
      );
    })().finally(() => onStopped(failure));
    return stopping;
  }

  /** It comes back by itself as long as it is open, so without it the node could only go on unreachable. */
  async function stopWithConnection(): Promise<void> {
    const error = await nc.closed();
    if (stopping !== undefined) return;
    failure = connectionEnded(error ?? new Error('it was closed'));
    logger.error('The connection to NATS has ended for good, and the node with it', {
      error: failure.message,
    });
    node.moveTo('error');
    await stop(drainGraceMs);
  }
  stopWithConnection().catch(logUncleanStop);

  return {
    nodeId: node.nodeId,
    metricsUrl: telemetry?.metricsUrl,
    namespaceEndpoint: async (namespace) => (await accounts.open(namespace)).developerEndpoint(),
    cellPids: () => cells.pids,
    inspectAddress: inspector?.address,
    httpUrl: gateway?.url,
    stopped,
    [Symbol.asyncDispose]: () => stop(drainGraceMs),
  };
}

function connectionEnded(cause: Error): HairspringError {
  const { code, message } = natsFailure(cause, 'Cannot go on without the connection to NATS');
  const hint = 'Start the node again once `hairspring doctor` finds that NATS lets it in';
  return new HairspringError(code, message, { cause, hint });
}

async function openAccounts(
  nc: NatsConnection,
  { nats, operator, delegation, logger }: ResolvedHostOptions,
): Promise<Accounts> {
  const clock = systemClock;
  if (operator !== undefined)
    return await OperatorAccounts.connect({ operator, endpoint: { servers: nats.servers }, clock, logger });
  if (delegation === undefined) {
    logger.warn(
      'All namespaces share the account of the node: the bridge alone holds functions back. For parties that do not ' +
        'trust each other, use the server that up and dev start, or --accounts',
    );
    return createOneAccount(nc, nats);
  }
  return new DelegatedAccounts({ ...delegation, endpoint: nats, clock, logger });
}

/** Loaded only when asked for: few nodes are debugged. */
async function startInspector(
  address: { readonly host: string; readonly port: number },
  deployments: Deployments,
  cells: CellSupervisor,
): Promise<InspectorServer> {
  const { startInspectorServer } = await import('./inspect/inspector-server.ts');
  return await startInspectorServer({
    ...address,
    targets: () => deployments.functions.served(),
    attach: (target, listen) => cells.inspect(target, listen),
  });
}

async function openGateway(
  listener: HttpListener,
  deployments: Deployments,
  cells: CellSupervisor,
  logger: Logger,
): Promise<Gateway> {
  return await startGateway({
    ...listener,
    clock: systemClock,
    logger,
    routes: deployments.functions.routes,
    ask: ({ namespace }, ask) => cells.ask(namespace, ask),
  });
}
