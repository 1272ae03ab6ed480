import { join } from 'node:path';
import { createLogger, HairspringError, type LogLevel } from '../../core/index.ts';
import { findNexfiles, type RecordedCall } from '../../host/index.ts';
import { openRecording, RECORDING_FILE } from '../bindings/recording.ts';
import { makeDataDir } from '../node/data-dir.ts';
import { type LocalNode, type LocalNodeOptions, serverLost, startLocalNode } from '../node/local-node.ts';
import type { CommandContext } from '../shell/command.ts';
import { type ControlConnection, connectTo } from '../shell/connection.ts';
import { watchConnection } from '../shell/connection-loss.ts';
import { formatElapsed, roundMs } from '../shell/format.ts';
import type { Interrupt } from '../shell/interrupt.ts';
import { renderLogRecord } from '../shell/log-line.ts';
import { describeReach, reachOf, shownServers } from '../shell/reach.ts';
import { readVersions } from '../shell/version.ts';
import { createDevFunctions, type DevFunctions } from './dev-functions.ts';
import { devKeys, levelAfter } from './dev-keys.ts';
import { createDevLines, type DevLines } from './dev-lines.ts';
import { listenForKeys } from './hotkeys.ts';
import { type NexfileRecord, openNexfileRecord } from './nexfile-record.ts';
import { removeOrphans } from './remove-orphans.ts';
import { tryFlagsOf } from './try-flags.ts';
import { tryOutsOf } from './try-outs.ts';
import { watchTree } from './watch-tree.ts';

export interface DevOptions extends Omit<LocalNodeOptions, 'logger'> {
  readonly path: string;
  readonly logLevel: LogLevel;
  /** Whether to record which host calls functions make. */
  readonly observe: boolean;
}

/** One run of `dev`, until it is interrupted. @throws what keeps it from starting; HS_NATS_SERVER_FAILED */
export async function runDev(
  context: CommandContext,
  interrupt: Interrupt,
  options: DevOptions,
): Promise<void> {
  const startedMs = performance.now();
  const { output, env } = context;
  const { paint } = output;
  // What is not there at all is a mistake in the command; what is wrong in it may be mended while we run.
  await findNexfiles(options.path);
  const lines = createDevLines(output);
  const logger = createLogger((record) => {
    output.event({ event: 'node-log', ...record }, () => renderLogRecord(record, paint));
  }, options.logLevel);
  await makeDataDir(options.dataDir);
  const onCall = options.observe ? recordCalls(options.dataDir, lines) : undefined;
  const telemetry = { ...options.telemetry, onCall };
  await using node = await startLocalNode({ ...options, telemetry, logger }, env, output);
  interrupt.arm();
  await using connection = await connectTo(
    await node.endpointFor(context.options.namespace),
    context.options,
    true,
  );
  const lost = watchConnection(connection.nc, output, 'Cannot follow functions any longer');
  banner(context, node, connection);
  const target = { connection, nodeId: node.host.nodeId };
  using watcher = watchTree(
    options.path,
    () => void functions.refresh(),
    (reason) => lines.info(reason),
  );
  const record =
    node.server === undefined
      ? undefined
      : await openNexfileRecord(options.dataDir, context.options.namespace);
  await using functions = createDevFunctions(options.path, target, lines, async (files) => {
    await record
      ?.note(functions.list())
      .catch((error: unknown) => lines.failure(HairspringError.from(error)));
    await watcher.sync(files);
  });
  let floor: LogLevel = 'debug';
  await using _logs = await connection.client.logs({}, (line) => {
    lines.log(functions.nameOf(line.functionId) ?? line.functionId, line, floor);
  });
  await watcher.sync([]);
  await functions.refresh();
  await using _tap = await connection.client.tap((event) => lines.invocation(event));
  if (record !== undefined) await tellOrphans(connection, functions, record, lines);
  const { httpUrl } = node.host;
  if (httpUrl !== undefined)
    output.event({ event: 'http', url: httpUrl }, () => `HTTP triggers at ${paint.cyan(httpUrl)}`);
  const tryOuts = await tryOutsOf(functions.list(), httpUrl);
  const serverVersion = connection.nc.info?.version ?? 'unknown';
  lines.table(functions.list(), tryOuts, await tryFlagsOf(context, node, serverVersion));
  const reach = await reachOf(env, node.endpoint.servers, node.server !== undefined);
  if (reach.inTheWay.length > 0) lines.info(describeReach(reach));
  using _keys = listenForKeys(
    devKeys({
      lines,
      functions,
      connection,
      interrupt,
      httpUrl,
      cycleLevel: () => (floor = levelAfter(floor)),
    }),
    () => interrupt.request('Ctrl-C'),
  );
  const { metricsUrl } = node.host;
  if (metricsUrl !== undefined)
    output.event({ event: 'metrics', url: metricsUrl }, () => `metrics at ${paint.cyan(metricsUrl)}`);
  tellInspector(context, node);
  const elapsedMs = roundMs(performance.now() - startedMs);
  output.event({ event: 'ready', elapsedMs, server: shownServers(node.endpoint.servers) }, () => {
    const keys = process.stdin.isTTY
      ? `; keys: t try, l level, ${process.stdout.isTTY ? 'c clear, ' : ''}r redeploy, q quit, h help`
      : '';
    return `${paint.green('ready')} in ${formatElapsed(elapsedMs)}, watching ${options.path}${keys}`;
  });
  const reason = await Promise.race([interrupt.requested, node.ended, lost]);
  if (HairspringError.is(reason)) throw reason;
  if (reason === 'server-lost') throw serverLost();
  output.event({ event: 'draining', reason }, () => 'draining: accepted work finishes');
}

/** What cannot be undeployed is told, and goes on. */
async function tellOrphans(
  { client }: ControlConnection,
  functions: DevFunctions,
  record: NexfileRecord,
  lines: DevLines,
): Promise<void> {
  try {
    for (const name of await removeOrphans(client, functions.list(), record)) lines.undeployed(name);
  } catch (error) {
    lines.failure(HairspringError.from(error));
  }
}

/** The end of a recording is told, and nothing else ends with it. */
function recordCalls(dataDir: string, lines: DevLines): (call: RecordedCall) => void {
  const recording = openRecording(dataDir, (error) => lines.failure(error));
  lines.info(`recording host calls in ${join(dataDir, RECORDING_FILE)}: names, and no values`);
  return (call) => recording.add(call);
}

function banner({ output }: CommandContext, node: LocalNode, { nc }: ControlConnection): void {
  const versions = readVersions();
  const serverVersion = nc.info?.version ?? 'unknown';
  const server = shownServers(node.endpoint.servers);
  output.event(
    { event: 'starting', versions, server, serverVersion, nodeId: node.host.nodeId },
    () =>
      `${output.paint.bold('hairspring')} ${versions.hairspring}  ` +
      output.paint.dim(`Node ${versions.node}, nats-server ${serverVersion} at `) +
      output.paint.cyan(server),
  );
}

function tellInspector({ output }: CommandContext, { host: { inspectAddress } }: LocalNode): void {
  if (inspectAddress === undefined) return;
  output.event(
    { event: 'inspect', address: inspectAddress },
    () =>
      `debuggers attach at ${output.paint.cyan(inspectAddress)} (chrome://inspect, or http://${inspectAddress}/json); functions have no limits of time`,
  );
}
