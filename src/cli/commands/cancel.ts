import type { Command } from 'commander';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import type { ExitCode } from '../shell/exit-codes.ts';

interface CancelFlags {
  readonly invocation?: string;
}

/** `cancel`: ends invocations of a function. */
export function addCancel(program: Command, shell: Shell): void {
  defineCommand(program, {
    usage: 'cancel <name>',
    summary: 'End what a function does just now; its callers hear HS_FUNCTION_CANCELLED',
    details: 'NAME is the name or id of a function. It stays deployed and takes new calls at once.',
    examples: ['cancel thumbnail', 'cancel thumbnail --invocation 3f9a0c12de-42'],
  })
    .option('--invocation <id>', 'only the one with this id, which is its ctx.invocationId')
    .action(runs(shell, cancel));
}

async function cancel(
  { output, connect }: CommandContext,
  name: string,
  { invocation }: CancelFlags,
): Promise<ExitCode | undefined> {
  await using connection = await connect();
  const { cancelled, nodes } = await connection.client.cancel(name, invocation);
  const what = cancelled === 1 ? '1 invocation' : `${cancelled} invocations`;
  output.result({ name, cancelled, nodes }, () => `${what} of ${output.paint.bold(name)} cancelled`);
  return undefined;
}
