import { type Command, Option } from 'commander';
import { parseWait } from '../../core/index.ts';
import type { CliEnvironment } from './environment.ts';

/** The options that every command takes, resolved with the environment. */
export interface GlobalOptions {
  readonly server: string | undefined;
  readonly creds: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly nkey: string | undefined;
  readonly context: string | undefined;
  readonly namespace: string;
  /** Only what was said; each command has its own default. */
  readonly timeoutMs: number | undefined;
  readonly json: boolean;
  /** Of standard output. */
  readonly color: boolean;
  /** Of standard error, which may go elsewhere. */
  readonly errorColor: boolean;
}

const HEADING = 'Global options:';
/** In which one is who names no other; on a server of ours it is there without being made. */
export const DEFAULT_NAMESPACE = 'default';

/**
 * Adds the options to a command. They are on the program and on each command, so that they may stand
 * before the command's name or after it.
 */
export function addGlobalOptions(command: Command): Command {
  const options = [
    new Option('-s, --server <url>', 'NATS server, or several with commas between (env NATS_URL)'),
    new Option('--creds <file>', 'credentials file (env NATS_CREDS)'),
    new Option('--user <name>', 'user, or without a password a token (env NATS_USER)'),
    new Option('--password <text>', 'password (env NATS_PASSWORD)'),
    new Option('--nkey <file>', 'file with an nkey seed (env NATS_NKEY)'),
    new Option('--context <name>', 'context of the nats CLI (env NATS_CONTEXT, else the selected one)'),
    new Option('--namespace <name>', 'namespace (env HAIRSPRING_NAMESPACE, else "default")'),
    new Option('--timeout <duration>', 'how long to wait for an answer, such as 500ms or 5s').argParser(
      parseWait,
    ),
    new Option('--json', 'print JSON for programs, errors too'),
    new Option('--no-color', 'print without colours (env NO_COLOR)'),
  ];
  for (const option of options) command.addOption(option.helpGroup(HEADING));
  command.addHelpOption(new Option('-h, --help', 'print this help').helpGroup(HEADING));
  return command;
}

/** What was said on the command line, at `command` or before it, and in the environment. */
export function readGlobalOptions(command: Command, env: CliEnvironment): GlobalOptions {
  const text = (name: string): string | undefined => {
    const value = said(command, name);
    return typeof value === 'string' ? value : undefined;
  };
  const timeoutMs = said(command, 'timeout');
  const mayColor = said(command, 'color') !== false;
  return {
    server: text('server'),
    creds: text('creds'),
    user: text('user'),
    password: text('password'),
    nkey: text('nkey'),
    context: text('context'),
    namespace: text('namespace') ?? env.namespace ?? DEFAULT_NAMESPACE,
    timeoutMs: typeof timeoutMs === 'number' ? timeoutMs : undefined,
    json: said(command, 'json') === true,
    color: mayColor && wantsColors(env, process.stdout),
    errorColor: mayColor && wantsColors(env, process.stderr),
  };
}

function wantsColors(env: CliEnvironment, stream: NodeJS.WriteStream): boolean {
  return env.colors === 'auto' ? stream.isTTY === true : env.colors === 'always';
}

function said(command: Command, name: string): unknown {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const source = at.getOptionValueSource(name);
    if (source !== undefined && source !== 'default') return at.getOptionValue(name) as unknown;
  }
  return undefined;
}
