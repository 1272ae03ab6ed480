import type { Command } from 'commander';
import { HairspringError } from '../../core/index.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import type { ExitCode } from '../shell/exit-codes.ts';
import { printable } from '../shell/printable.ts';
import { renderTable } from '../shell/table.ts';

/** `nodes`: the nodes that answer. */
export function addNodes(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'nodes',
    summary: 'List the nodes that answer',
    examples: ['nodes', 'nodes --json --context production'],
  }).action(runs(shell, nodes));
}

async function nodes(context: CommandContext): Promise<ExitCode | undefined> {
  const { output } = context;
  await using connection = await context.connect();
  const found = await connection.client.nodes();
  if (found.length === 0) throw new HairspringError('HS_NO_NODE', 'Cannot list nodes: none answers');
  output.result(found, () => {
    const rows = found.map(({ node_id, tags, state, version, start_time }) =>
      [node_id, tags['nex.node'] ?? '', state, version, start_time].map(printable),
    );
    const heading = ['ID', 'NAME', 'STATE', 'VERSION', 'STARTED'].map((text) => output.paint.dim(text));
    return renderTable([heading, ...rows]);
  });
  return undefined;
}
