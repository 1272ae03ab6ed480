import { type Command, InvalidArgumentError } from 'commander';
import {
  HairspringError,
  isToken,
  type LogLevel,
  type NatsEndpoint,
  ReplySubjects,
  WITHHOLDABLE,
  type Withheld,
  type Withholdable,
} from '../../core/index.ts';
import type { HttpListener } from '../../host/index.ts';
import type { CommandContext } from '../shell/command.ts';
import { resolveEndpoint } from '../shell/connection.ts';
import { levelOption } from '../shell/level-option.ts';

/** Where to listen. */
export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

/** The options of the commands that start a node. */
export interface NodeFlags {
  readonly natsServer?: string;
  readonly data?: string;
  readonly port?: number;
  readonly name?: string;
  readonly accounts?: string;
  readonly otlp?: string;
  readonly metrics?: { readonly host: string; readonly port: number };
  readonly http?: HttpAddress;
  readonly httpHost?: Readonly<Record<string, string>>;
  readonly replySubject?: readonly string[];
  readonly withhold?: readonly Withholdable[];
  readonly logLevel: LogLevel;
}

export const DEFAULT_PORT = 4222;
export const DEFAULT_HTTP_PORT = 8080;
const DEFAULT_NAMESPACE = 'default';

/** Adds the options; `text` says what is different between the commands. */
export function addNodeOptions(
  command: Command,
  text: { readonly data: string; readonly port: string; readonly http: string },
): Command {
  return command
    .option('--nats-server <path>', 'nats-server to start (by default one is found, or fetched once)')
    .option('--data <folder>', text.data)
    .option('--port <number>', text.port, parsePort)
    .option('--name <name>', "name of the node (by default the machine's)")
    .option(
      '--accounts <file>',
      'ways into the accounts of namespaces, on a NATS with an operator of its own (env HAIRSPRING_ACCOUNTS)',
    )
    .option('--http <address>', text.http, parseAddress)
    .option(
      '--http-host <name[=namespace]>',
      'host name under which HTTP triggers of a namespace ("default" if none is named) are served; may be repeated',
      addHttpHost,
    )
    .option(
      '--reply-subject <pattern>',
      'reply subject at which callers are answered beside inboxes, such as orders.done.>; may be repeated ' +
        '(env HAIRSPRING_REPLY_SUBJECTS, with commas between)',
      (pattern: string, before: readonly string[] = []) => [...before, pattern],
    )
    .option(
      '--withhold <what>',
      `what no function may be bound to, whatever its Nexfile says: ${WITHHOLDABLE.join(', ')}; may be repeated ` +
        '(env HAIRSPRING_WITHHOLD, with commas between)',
      (what: string, before: readonly Withholdable[] = []) => [...before, parseWithholdable(what)],
    )
    .option('--otlp <url>', 'export traces and metrics by OTLP over HTTP (env OTEL_EXPORTER_OTLP_ENDPOINT)')
    .option(
      '--metrics <address>',
      'serve metrics for Prometheus at PORT of loopback, or at HOST:PORT',
      parseAddress,
    )
    .addOption(
      levelOption('--log-level <level>', 'lowest level to show of what the node itself logs', 'warn'),
    );
}

/**
 * The file of `--accounts`, else of the environment where the node joins a NATS.
 * @throws HS_USAGE when the option comes with a server of our own
 */
export function accountsToUse(
  { env }: CommandContext,
  flags: NodeFlags,
  join: NatsEndpoint | undefined,
): string | undefined {
  if (join !== undefined) return flags.accounts ?? (env.variables['HAIRSPRING_ACCOUNTS'] || undefined);
  if (flags.accounts === undefined) return undefined;
  const message = `Cannot use --accounts ${flags.accounts} with a nats-server that the node starts itself`;
  const hint =
    'Name the NATS to join with --server or --context; on its own server a node makes the accounts';
  throw new HairspringError('HS_USAGE', message, { hint });
}

/** Where callers are answered beside inboxes: by the options, else by the environment. @throws HS_USAGE */
export function replySubjectsOf({ env }: CommandContext, { replySubject }: NodeFlags): readonly string[] {
  const named = env.variables['HAIRSPRING_REPLY_SUBJECTS'] ?? '';
  const patterns = replySubject ?? named.split(/[\s,]+/).filter((pattern) => pattern !== '');
  // What is wrong with one is said before anything is started.
  void new ReplySubjects(patterns);
  return patterns;
}

/** What functions may not be bound to: by the options, else by the environment. @throws HS_USAGE */
export function withheldOf({ env }: CommandContext, { withhold }: NodeFlags): Withheld {
  if (withhold !== undefined) return withhold;
  const named = (env.variables['HAIRSPRING_WITHHOLD'] ?? '').split(/[\s,]+/).filter((name) => name !== '');
  return named.map((name) => {
    const found = WITHHOLDABLE.find((one) => one === name);
    if (found !== undefined) return found;
    throw new HairspringError('HS_USAGE', `Cannot withhold "${name}" (HAIRSPRING_WITHHOLD)`, {
      hint: `What can be withheld: ${WITHHOLDABLE.join(', ')}`,
    });
  });
}

function parseWithholdable(text: string): Withholdable {
  const found = WITHHOLDABLE.find((one) => one === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`What can be withheld: ${WITHHOLDABLE.join(', ')}.`);
}

/** Letters, digits, - and dots, as in DNS. */
const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

function addHttpHost(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [name = '', namespace = DEFAULT_NAMESPACE, ...rest] = text.toLowerCase().split('=');
  const own = text.slice(name.length + 1) || namespace;
  if (!HOST_NAME.test(name) || !isToken(own) || rest.length > 0 || text.endsWith('='))
    throw new InvalidArgumentError('Write NAME or NAME=NAMESPACE, such as api.example.com=shop.');
  return { ...before, [name]: own };
}

/**
 * Where and to whom the node serves HTTP triggers.
 * @param ownNamespace of those who come to the address of the machine itself
 */
export function httpListener(
  { http, httpHost = {} }: Pick<NodeFlags, 'http' | 'httpHost'>,
  ownNamespace: string,
  fallback: HttpAddress,
): HttpListener {
  return { ...(http ?? fallback), names: httpHost, ownNamespace };
}

/**
 * The same for a node that serves them when an option says so.
 * @throws HS_USAGE when host names are given and no address
 */
export function optionalHttpListener(flags: Pick<NodeFlags, 'http' | 'httpHost'>): HttpListener | undefined {
  if (flags.http !== undefined) return httpListener(flags, DEFAULT_NAMESPACE, flags.http);
  const [name] = Object.keys(flags.httpHost ?? {});
  if (name === undefined) return undefined;
  throw new HairspringError('HS_USAGE', `Cannot serve HTTP under "${name}" without an address`, {
    hint: 'Name it with --http, such as --http 8080',
  });
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 takes any free one.');
}

function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const parts = /^(?:(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+)):)?(?<port>\d+)$/.exec(text)?.groups;
  if (parts === undefined)
    throw new InvalidArgumentError('An address is PORT, HOST:PORT or [IPv6]:PORT, such as 127.0.0.1:9464.');
  return { host: parts['six'] ?? parts['host'] ?? '127.0.0.1', port: parsePort(parts['port'] ?? '') };
}

/**
 * The NATS to join, when an option names one, or the environment does and no option asks for a server
 * of our own. A context that is merely selected does not count.
 * @throws HS_USAGE when options ask for both; HS_CONTEXT_INVALID
 */
export async function endpointToJoin(
  { options, env }: CommandContext,
  flags: NodeFlags,
): Promise<NatsEndpoint | undefined> {
  const wantsOwn = flags.port === undefined ? flags.natsServer && '--nats-server' : '--port';
  const named = options.server ?? options.context;
  if (named !== undefined && wantsOwn) {
    throw new HairspringError(
      'HS_USAGE',
      `Cannot join "${named}" and start a nats-server by ${wantsOwn} too`,
      {
        hint: 'Leave out one of the two',
      },
    );
  }
  const inEnvironment = env.variables['NATS_URL'] || env.variables['NATS_CONTEXT'];
  if (named === undefined && (wantsOwn || !inEnvironment)) return undefined;
  return await resolveEndpoint(options, env);
}
