import { CommanderError } from 'commander';
import { HairspringError } from '../core/index.ts';
import { createProgram } from './program.ts';
import type { Shell } from './shell/command.ts';
import type { CliEnvironment } from './shell/environment.ts';
import { EXIT, type ExitCode, exitCodeOf } from './shell/exit-codes.ts';
import { readGlobalOptions } from './shell/global-options.ts';
import { createOutput } from './shell/output.ts';
import { untilRead } from './shell/unread.ts';
import { toUsageError } from './shell/usage-error.ts';
import { readVersions } from './shell/version.ts';

/** Runs the command line `args` and returns what the process is to end with. Never throws. */
export async function runCli(args: readonly string[], env: CliEnvironment): Promise<ExitCode> {
  const shell: Shell = { env, exitCode: EXIT.ok, outlivesReader: false };
  const exitCode = await runProgram(args, env, shell);
  // What nobody reads would keep the process for ever.
  if (shell.outlivesReader && !(await untilRead([process.stdout, process.stderr]))) process.exit(exitCode);
  return exitCode;
}

async function runProgram(args: readonly string[], env: CliEnvironment, shell: Shell): Promise<ExitCode> {
  const ownArgs = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length);
  const wantsJson = ownArgs.includes('--json');
  let helpText = '';
  const program = createProgram(shell, versionText(wantsJson), (text) => {
    helpText += text;
  });
  const fail = (error: unknown): ExitCode => {
    const known = HairspringError.from(error);
    const { color, errorColor } = readGlobalOptions(program, shell.env);
    const mayColor = !ownArgs.includes('--no-color');
    const output = { json: wantsJson, color: color && mayColor, errorColor: errorColor && mayColor };
    createOutput(output).error(known);
    if (shell.env.debug && error instanceof Error) process.stderr.write(`${stackOf(error)}\n`);
    return exitCodeOf(known.code);
  };
  process.on('uncaughtException', (error) => process.exit(fail(error)));
  process.stdout.on('error', (error) => {
    // Calls may be under way: only a signal ends a node. What cannot be written is lost.
    if (shell.outlivesReader) return;
    // A reader that has seen enough, such as head, is no failure.
    process.exit('code' in error && error.code === 'EPIPE' ? EXIT.ok : fail(error));
  });
  process.stderr.on('error', () => undefined);
  try {
    await program.parseAsync(args, { from: 'user' });
    return shell.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return fail(error);
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === 'commander.help') {
      // `help` of what is no command shows all of them; to be told that it is none says more.
      const at = ownArgs.indexOf('help');
      if (at !== -1 && ownArgs.length > at + 1) return await runProgram(args.toSpliced(at, 1), env, shell);
      if (wantsJson)
        return fail(
          new HairspringError('HS_USAGE', 'Cannot run without a command', {
            hint: '`--help` without --json lists the commands',
          }),
        );
      process.stderr.write(helpText);
      return EXIT.usage;
    }
    return fail(toUsageError(error, program, ownArgs));
  }
}

function versionText(json: boolean): string {
  const versions = readVersions();
  if (json) return JSON.stringify(versions, undefined, 2);
  return `hairspring ${versions.hairspring} (Node ${versions.node}, V8 ${versions.v8})`;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
