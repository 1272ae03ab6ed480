import type { Command } from 'commander';
import { type ControlConnection, connectControl } from './connection.ts';
import type { CliEnvironment } from './environment.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type GlobalOptions, readGlobalOptions } from './global-options.ts';
import { createOutput, type Output } from './output.ts';
import { neverWaitFor } from './unread.ts';

/** What one run of the program shares with its commands. */
export interface Shell {
  readonly env: CliEnvironment;
  /** What the process is to end with. */
  exitCode: ExitCode;
  /** Whether the command goes on when nobody reads what it prints any more, or for the time being. */
  outlivesReader: boolean;
}

/** What an action works with. */
export interface CommandContext {
  readonly env: CliEnvironment;
  readonly options: GlobalOptions;
  readonly output: Output;
  /** Connects to the NATS of the options. */
  connect(namespace?: string): Promise<ControlConnection>;
}

export interface CommandText {
  /** Name and arguments, as commander writes them. */
  readonly usage: string;
  readonly alias?: string;
  readonly summary: string;
  /** Paragraphs for `--help`. */
  readonly details?: string;
  readonly examples: readonly string[];
}

/** Adds a command with examples in its help. */
export function defineCommand(program: Command, text: CommandText): Command {
  const command = program.command(text.usage).summary(text.summary);
  const details = text.details === undefined ? '' : `\n\n${text.details}`;
  command.description(`${text.summary}${details}`);
  if (text.alias !== undefined) command.alias(text.alias);
  const examples = text.examples.map((example) => `  $ hairspring ${example}`).join('\n');
  command.addHelpText('after', `\nExamples:\n${examples}`);
  return command;
}

export interface RunsOptions {
  /** See {@link Shell}. @default false */
  readonly outlivesReader?: boolean;
}

/**
 * Makes an action for commander of one that gets a context and returns an exit code, if not 0.
 * `Args` are the arguments of the command's usage, then its options.
 */
export function runs<Args extends readonly unknown[]>(
  shell: Shell,
  action: (context: CommandContext, ...args: Args) => Promise<ExitCode | undefined>,
  { outlivesReader = false }: RunsOptions = {},
): (...received: unknown[]) => Promise<void> {
  return async (...received) => {
    const command = received.at(-1) as Command;
    const options = readGlobalOptions(command, shell.env);
    shell.outlivesReader = outlivesReader;
    if (outlivesReader) for (const stream of [process.stdout, process.stderr]) neverWaitFor(stream);
    const context: CommandContext = {
      env: shell.env,
      options,
      output: createOutput({ ...options, mayLose: outlivesReader }),
      connect: (namespace = options.namespace) => connectControl({ ...options, namespace }, shell.env),
    };
    const args = received.slice(0, -1) as unknown as Args;
    shell.exitCode = (await action(context, ...args)) ?? EXIT.ok;
  };
}
