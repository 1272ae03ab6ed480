import type { Command } from 'commander';
import { withoutUserInfo } from '../../control/index.ts';
import { createLogger, HairspringError, SYSTEM_NAMESPACE } from '../../core/index.ts';
import type { LocalNode } from '../node/local-node.ts';
import { addNodeOptions, DEFAULT_PORT, type NodeFlags } from '../node/node-options.ts';
import { optionalHttpListener, readNodeSettings } from '../node/node-settings.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import { connectTo } from '../shell/connection.ts';
import type { ExitCode } from '../shell/exit-codes.ts';
import { countOf, formatElapsed, roundMs } from '../shell/format.ts';
import { createInterrupt } from '../shell/interrupt.ts';
import { renderLogRecord } from '../shell/log-line.ts';
import { describeReach, reachOf, shownServers } from '../shell/reach.ts';
import { readVersions } from '../shell/version.ts';

/** `up`: a node in this process, with a nats-server of its own unless it joins one. */
export function addUp(program: Command, shell: Shell): void {
  const command = defineCommand(program, {
    usage: 'up',
    summary: 'Start a node, and a nats-server unless one is named',
    details:
      'With --server or --context (or their variables) the node joins that NATS. Otherwise a nats-server ' +
      'with JetStream is found, or fetched once, and started on the loopback address. ' +
      'On a NATS with an operator of its own, --accounts names the credentials or signing keys with which the ' +
      'node enters the account of each namespace; docs/accounts.md tells how. ' +
      'HTTP triggers are served with --http. Who comes to the address of the machine itself is served those of the ' +
      'namespace "default"; other host names are refused unless --http-host names them. ' +
      'What is deployed is restored. Ctrl-C lets accepted work finish; a second one ends at once.',
    examples: [
      'up',
      'up --port 0 --data ./data',
      'up --context production --accounts accounts.yaml',
      'up --http 0.0.0.0:8080 --http-host api.example.com=shop',
    ],
  });
  addNodeOptions(command, {
    data: 'data folder (env HAIRSPRING_DATA, else ~/.local/share/hairspring)',
    port: `port of the nats-server that is started; 0 takes any free one (default: ${DEFAULT_PORT})`,
    http: 'serve HTTP triggers at PORT of loopback, or at HOST:PORT',
  }).action(runs(shell, up, { outlivesReader: true }));
}

async function up(context: CommandContext, flags: NodeFlags): Promise<ExitCode | undefined> {
  const startedMs = performance.now();
  const { env, output } = context;
  const { paint } = output;
  const versions = readVersions();
  const settings = await readNodeSettings(context, flags);
  output.event(
    { event: 'starting', versions },
    () =>
      `${paint.bold('hairspring')} ${versions.hairspring}  ${paint.dim(`Node ${versions.node}, V8 ${versions.v8}`)}`,
  );
  const logger = createLogger((record) => {
    output.event({ event: 'log', ...record }, () => renderLogRecord(record, paint));
  }, flags.logLevel);
  const { serverLost, startLocalNode } = await import('../node/local-node.ts');
  using interrupt = createInterrupt();
  const dataDir = flags.data ?? env.dataDir;
  await using node = await startLocalNode(
    {
      ...settings,
      ports: [flags.port ?? DEFAULT_PORT],
      dataDir,
      http: optionalHttpListener(flags),
      logger,
    },
    env,
    output,
  );
  interrupt.arm();
  const { restored, serverVersion } = await lookAround(context, node);
  const servers = shownServers(node.endpoint.servers);
  const origin = node.server === undefined ? 'joined' : `started, from ${node.server.origin}`;
  output.event(
    {
      event: 'nats',
      servers: node.endpoint.servers.map(withoutUserInfo),
      version: serverVersion,
      origin: node.server?.origin ?? 'joined',
      dataDir,
    },
    () =>
      `nats-server ${serverVersion} at ${paint.cyan(servers)}  ${paint.dim(`${origin}; data in ${dataDir}`)}`,
  );
  output.event(
    { event: 'node', nodeId: node.host.nodeId, restored },
    () => `node ${node.host.nodeId}, ${countOf(restored, 'function')} restored`,
  );
  const { metricsUrl } = node.host;
  if (metricsUrl !== undefined)
    output.event({ event: 'metrics', url: metricsUrl }, () => `metrics at ${paint.cyan(metricsUrl)}`);
  const { httpUrl } = node.host;
  if (httpUrl !== undefined)
    output.event({ event: 'http', url: httpUrl }, () => `HTTP triggers at ${paint.cyan(httpUrl)}`);
  const elapsedMs = roundMs(performance.now() - startedMs);
  const advice = describeReach(await reachOf(env, node.endpoint.servers, node.server !== undefined));
  output.event(
    { event: 'ready', elapsedMs, nodeId: node.host.nodeId, server: servers },
    () => `${paint.green('ready')} in ${formatElapsed(elapsedMs)}; Ctrl-C stops it${advice && `; ${advice}`}`,
  );
  const reason = await Promise.race([interrupt.requested, node.ended]);
  if (HairspringError.is(reason)) throw reason;
  if (reason === 'server-lost') throw serverLost();
  output.event({ event: 'draining', reason }, () => 'draining: accepted work finishes');
  await node[Symbol.asyncDispose]();
  output.event({ event: 'stopped' }, () => 'stopped');
  return undefined;
}

/** How many functions the node has found deployed, and the server's version. */
async function lookAround(
  { options }: CommandContext,
  { endpointFor, host }: LocalNode,
): Promise<{ readonly restored: number; readonly serverVersion: string }> {
  await using connection = await connectTo(await endpointFor(SYSTEM_NAMESPACE), options, false);
  const { node_agent_summaries: agents } = await connection.client.nodeInfo(host.nodeId);
  const restored = agents.reduce((sum, { agent_summary }) => sum + agent_summary.workload_count, 0);
  return { restored, serverVersion: connection.nc.info?.version ?? 'unknown' };
}
