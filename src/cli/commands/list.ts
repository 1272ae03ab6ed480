import type { Command } from 'commander';
import type { WorkloadSummary } from '../../control/index.ts';
import { SYSTEM_NAMESPACE, UNUSUAL_STATES, type UnusualState, WORKLOAD_METADATA } from '../../core/index.ts';
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
    const everywhere = options.namespace === SYSTEM_NAMESPACE;
    const rows = functions.map(({ id, name, namespace, workload_state, metadata }) => [
      output.paint.bold(name),
      ...(everywhere ? [namespace] : []),
      unusualStateOf(metadata) ?? servedState(workload_state),
      printable(metadata[WORKLOAD_METADATA.version] ?? ''),
      printable(metadata[WORKLOAD_METADATA.triggers] ?? ''),
      id,
    ]);
    const titles = ['NAME', ...(everywhere ? ['NAMESPACE'] : []), 'STATE', 'VERSION', 'TRIGGERS', 'ID'];
    const heading = titles.map((text) => output.paint.dim(text));
    const notes = functions.flatMap(({ name, metadata }) => {
      const state = unusualStateOf(metadata);
      if (state === undefined) return [];
      return [
        printable(
          `${name} is ${state}: ${metadata[WORKLOAD_METADATA[state]] ?? ''}. ${remedyOf(state, metadata)}`,
        ),
      ];
    });
    return [renderTable([heading, ...rows]), ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
  });
  return undefined;
}

/** Nex has no word for a function that is served and has no instance: to it that runs. `info` says it as this does. */
function servedState(state: WorkloadSummary['workload_state']): string {
  return state === 'running' ? 'idle' : state;
}

/** That of a function which a node does not serve as others, because it kills cells or something of it is missing. */
function unusualStateOf(metadata: WorkloadSummary['metadata']): UnusualState | undefined {
  return UNUSUAL_STATES.find((state) => metadata[WORKLOAD_METADATA[state]] !== undefined);
}

function remedyOf(state: UnusualState, metadata: WorkloadSummary['metadata']): string {
  if (state !== 'waiting') return 'Deploying it lifts that.';
  return metadata[WORKLOAD_METADATA.waitingRemedy] ?? 'The node goes on trying.';
}
