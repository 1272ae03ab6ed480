import { type Command, Option } from 'commander';
import type { ControlClient } from '../../control/index.ts';
import { formatDuration, HairspringError, parseWait, SYSTEM_NAMESPACE } from '../../core/index.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import type { ExitCode } from '../shell/exit-codes.ts';
import { printable } from '../shell/printable.ts';

interface LameDuckFlags {
  readonly delay: number;
}

const DEFAULT_DELAY_MS = 60_000;

/** `lameduck`: has a node finish its work and stop. */
export function addLameDuck(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'lameduck <node>',
    summary: 'Have a node take no new work, finish what it has, and stop',
    details: 'NODE is the id or the name of a node.',
    examples: ['lameduck web-1', 'lameduck web-1 --delay 10s'],
  })
    .addOption(
      new Option('--delay <duration>', 'how long until it stops')
        .argParser(parseWait)
        .default(DEFAULT_DELAY_MS, formatDuration(DEFAULT_DELAY_MS)),
    )
    .action(runs(shell, lameDuck));
}

async function lameDuck(
  context: CommandContext,
  node: string,
  { delay: delayMs }: LameDuckFlags,
): Promise<ExitCode | undefined> {
  // A node is nobody's who owns a namespace alone.
  await using connection = await context.connect(SYSTEM_NAMESPACE);
  const nodeId = await resolveNode(connection.client, node);
  const answer = await connection.client.lameDuck(nodeId, delayMs);
  if (!answer.success)
    throw new HairspringError('HS_REQUEST_INVALID', `Cannot stop "${node}": ${answer.message}`);
  context.output.result({ nodeId, delayMs, message: answer.message }, () => printable(answer.message));
  return undefined;
}

async function resolveNode(client: ControlClient, node: string): Promise<string> {
  const found = (await client.nodes()).filter(
    ({ node_id, tags }) => node_id === node || tags['nex.node'] === node,
  );
  const exact = found.find(({ node_id }) => node_id === node) ?? found[0];
  if (exact === undefined) {
    throw new HairspringError(
      'HS_NO_NODE',
      `Cannot find node "${node}": none that answers has this id or name`,
      {
        hint: '`hairspring nodes` lists those that answer',
      },
    );
  }
  if (exact.node_id !== node && found.length > 1) {
    const ids = found.map(({ node_id }) => node_id).join(', ');
    throw new HairspringError('HS_USAGE', `Cannot stop "${node}", which names several nodes: ${ids}`, {
      hint: 'Use the id',
    });
  }
  return exact.node_id;
}
