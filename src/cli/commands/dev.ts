import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { ListenAddress } from '../node/listen-address.ts';
import { addNodeOptions, DEFAULT_HTTP_PORT, DEFAULT_PORT, type NodeFlags } from '../node/node-options.ts';
import { httpListener, readNodeSettings } from '../node/node-settings.ts';
import { type CommandContext, defineCommand, runs, type Shell } from '../shell/command.ts';
import type { ExitCode } from '../shell/exit-codes.ts';
import { createInterrupt } from '../shell/interrupt.ts';

/** Where Node's own inspector listens, and where `chrome://inspect` looks. */
const DEFAULT_INSPECT: ListenAddress = { host: '127.0.0.1', port: 9229 };

const DEFAULT_HTTP: ListenAddress = { host: '127.0.0.1', port: DEFAULT_HTTP_PORT };

interface DevFlags extends NodeFlags {
  readonly observe?: true;
  readonly inspect?: true | ListenAddress;
}

/** `dev`: a node that runs what is below a folder, and follows every edit. */
export function addDev(program: Command, shell: Shell): void {
  const command = defineCommand(program, {
    usage: 'dev [path]',
    summary: 'Run the functions below a folder and redeploy them at every edit',
    details:
      'PATH is a Nexfile, a folder with one, or a folder of such folders (the working folder by default). ' +
      'Starts a node and a nats-server of its own, with its data in .hairspring below the folder, or joins ' +
      'the NATS that --server or --context names. Shows one line per redeploy, invocation and log line. ' +
      'An edit that does not build is shown, and the version before keeps running. ' +
      'With --observe, the keys, subjects and URLs that functions call are recorded, and no values; see ' +
      '`hairspring bindings suggest`. ' +
      'With --inspect functions have no limits of time, so that one can think at a breakpoint. ' +
      'On a terminal, keys send a sample, change the log level, redeploy, clear and quit; h lists them.',
    examples: [
      'dev',
      'dev examples',
      'dev hello --port 0',
      'dev --server nats://127.0.0.1:4222',
      'dev --observe',
      'dev --inspect',
    ],
  });
  addNodeOptions(command, {
    data: 'data folder (by default .hairspring below PATH)',
    port: `port of the nats-server that is started (by default ${DEFAULT_PORT} if it is free, else any)`,
    http: `where to serve HTTP triggers (by default at port ${DEFAULT_HTTP_PORT} of loopback if it is free, else any)`,
  })
    .option('--observe', 'record which host calls functions make, for `bindings suggest`')
    .option(
      '--inspect [host:port]',
      `let Chrome DevTools or an editor attach to functions (by default at ${DEFAULT_INSPECT.host}:${DEFAULT_INSPECT.port})`,
      parseInspect,
    )
    .action(runs(shell, dev, { outlivesReader: true }));
}

async function dev(
  context: CommandContext,
  path: string | undefined,
  flags: DevFlags,
): Promise<ExitCode | undefined> {
  const at = path ?? '.';
  const settings = await readNodeSettings(context, flags);
  const { runDev } = await import('../dev/run-dev.ts');
  using interrupt = createInterrupt();
  await runDev(context, interrupt, {
    ...settings,
    path: at,
    ports: flags.port === undefined ? [DEFAULT_PORT, 0] : [flags.port],
    dataDir: flags.data ?? (await projectDataDir(at)),
    http: {
      ...httpListener(flags, context.options.namespace, DEFAULT_HTTP),
      otherPorts: flags.http === undefined ? [0] : [],
    },
    logLevel: flags.logLevel,
    observe: flags.observe === true,
    inspect: flags.inspect === true ? DEFAULT_INSPECT : flags.inspect,
  });
  context.output.event({ event: 'stopped' }, () => 'stopped');
  return undefined;
}

async function projectDataDir(path: string): Promise<string> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  return join(isFile ? dirname(path) : path, '.hairspring');
}

/** `HOST:PORT`, `HOST` or `PORT`. */
function parseInspect(text: string): ListenAddress {
  const match = /^(?:(?<host>\[[\da-f:.]+\]|[\w.-]*[a-z][\w.-]*|(?:\d+\.){3}\d+))?:?(?<port>\d{1,5})?$/i.exec(
    text,
  );
  const { host = DEFAULT_INSPECT.host, port = DEFAULT_INSPECT.port } = match?.groups ?? {};
  if (match !== null && text !== '' && Number(port) <= 65_535)
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  throw new InvalidArgumentError('Write HOST:PORT, HOST or PORT, such as 127.0.0.1:9229.');
}
