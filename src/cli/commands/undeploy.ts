import type { Command } from 'commander';
import { HairspringError } from '../../core/index.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import { type ExitCode, exitCodeOf } from '../shell/exit-codes.ts';
import { toErrorDocument } from '../shell/output.ts';

interface Outcome {
  readonly name: string;
  readonly id?: string;
  readonly failure?: HairspringError;
}

/** `undeploy`: removes functions and all that they hold. */
export function addUndeploy(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'undeploy <names...>',
    alias: 'rm',
    summary: 'Remove functions; accepted work finishes, buckets stay',
    details: 'NAMES are names or ids of functions.',
    examples: ['undeploy hello', 'rm hello kv-counter --namespace staging'],
  }).action(runs(shell, undeploy));
}

async function undeploy(
  { output, connect }: CommandContext,
  names: readonly string[],
): Promise<ExitCode | undefined> {
  await using connection = await connect();
  const outcomes: Outcome[] = [];
  for (const name of names) {
    try {
      outcomes.push({ name, id: (await connection.client.undeploy(name)).id });
    } catch (error) {
      outcomes.push({ name, failure: HairspringError.from(error) });
    }
  }
  const failures = outcomes.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  const undeployed = outcomes.filter(({ failure }) => failure === undefined);
  if (output.json) {
    const failed = outcomes.flatMap(({ name, failure }) =>
      failure === undefined ? [] : [{ name, ...toErrorDocument(failure) }],
    );
    output.result({ undeployed, failed }, () => '');
  } else {
    for (const each of undeployed) {
      output.event(each, () => `${output.paint.green('✓')} ${output.paint.bold(each.name)} is gone`);
    }
    for (const failure of failures) output.error(failure);
  }
  const [first] = failures;
  return first === undefined ? undefined : exitCodeOf(first.code);
}
