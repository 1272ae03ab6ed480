import { CommanderError } from 'commander';
import { HairspringError } from '../core/index.ts';
import { createProgram } from './program.ts';
import type { Shell } from './shell/command.ts';
import type { CliEnvironment } from './shell/environment.ts';
import { EXIT, type ExitCode, exitCodeOf } from './shell/exit-codes.ts';
import { readGlobalOptions } from './shell/global-options.ts';
import { createOutput } from './shell/output.ts';
import { readVersions } from './shell/version.ts';

/** Runs the command line `args` and returns what the process is to end with. Never throws. */
export async function runCli(args: readonly string[], env: CliEnvironment): Promise<ExitCode> {
  const shell: Shell = { env, exitCode: EXIT.ok };
  const ownArgs = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length);
  const wantsJson = ownArgs.includes('--json');
  const program = createProgram(shell, versionText(wantsJson));
  const fail = (error: unknown): ExitCode => {
    const known = HairspringError.from(error);
    const { color } = readGlobalOptions(program, shell.env);
    createOutput({ json: wantsJson, color: color && !ownArgs.includes('--no-color') }).error(known);
    if (shell.env.debug && error instanceof Error) process.stderr.write(`${stackOf(error)}\n`);
    return exitCodeOf(known.code);
  };
  process.on('uncaughtException', (error) => process.exit(fail(error)));
  // A reader that has seen enough, such as head, is no failure.
  process.stdout.on('error', (error) =>
    process.exit('code' in error && error.code === 'EPIPE' ? EXIT.ok : fail(error)),
  );
  try {
    await program.parseAsync(args, { from: 'user' });
    return shell.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return fail(error);
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === 'commander.help') {
      process.stderr.write(program.helpInformation());
      return EXIT.usage;
    }
    return fail(toUsageError(error));
  }
}

function versionText(json: boolean): string {
  const versions = readVersions();
  if (json) return JSON.stringify(versions, undefined, 2);
  return `hairspring ${versions.hairspring} (Node ${versions.node}, V8 ${versions.v8})`;
}

/** Commander's message in our form: its suggestion becomes the hint. */
function toUsageError({ message }: CommanderError): HairspringError {
  const [first = '', ...more] = message.replace(/^error: /, '').split('\n');
  const text = (first.charAt(0).toUpperCase() + first.slice(1).replace(/\.$/, '')).replace(
    /'([^']*)'/g,
    '"$1"',
  );
  const suggestion = /\(Did you mean (.+)\?\)/.exec(more.join('\n'))?.[1];
  return new HairspringError(
    'HS_USAGE',
    text,
    suggestion === undefined ? {} : { hint: `Did you mean ${suggestion}?` },
  );
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
