import type { Command } from 'commander';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import type { ExitCode } from '../shell/exit-codes.ts';
import { printable } from '../shell/printable.ts';
import { renderTable } from '../shell/table.ts';

/** `list`: the functions of a namespace. */
export function addList(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'list',
    alias: 'ls',
    summary: 'List the functions of a namespace',
    details: 'With --namespace system the functions of all namespaces.',
    examples: ['list', 'ls --json', 'list --namespace system'],
  }).action(runs(shell, list));
}

async function list(context: CommandContext): Promise<ExitCode | undefined> {
  const { output, options } = context;
  await using connection = await context.connect();
  const functions = await connection.client.list();
  output.result(functions, () => {
    if (functions.length === 0) return `No functions in namespace "${options.namespace}"`;
    const rows = functions.map((each) => [
      output.paint.bold(each.name),
      each.namespace,
      each.workload_state,
      each.id,
      printable(each.start_time),
    ]);
    const heading = ['NAME', 'NAMESPACE', 'STATE', 'ID', 'DEPLOYED'].map((text) => output.paint.dim(text));
    return renderTable([heading, ...rows]);
  });
  return undefined;
}
