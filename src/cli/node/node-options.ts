import { type Command, InvalidArgumentError } from 'commander';
import { isToken, type LogLevel, WITHHOLDABLE, type Withholdable } from '../../core/index.ts';
import { collect } from '../shell/collect.ts';
import { DEFAULT_NAMESPACE } from '../shell/global-options.ts';
import { levelOption } from '../shell/level-option.ts';
import { type ListenAddress, parseAddress, parsePort } from './listen-address.ts';
import { findWithholdable, WITHHOLDABLE_HINT } from './withholdable.ts';

/** The options of the commands that start a node. */
export interface NodeFlags {
  readonly natsServer?: string;
  readonly data?: string;
  readonly port?: number;
  readonly name?: string;
  readonly accounts?: string;
  readonly otlp?: string;
  readonly metrics?: ListenAddress;
  readonly http?: ListenAddress;
  readonly httpHost?: Readonly<Record<string, string>>;
  readonly replySubject?: readonly string[];
  readonly withhold?: readonly Withholdable[];
  readonly logLevel: LogLevel;
}

export const DEFAULT_PORT = 4222;
export const DEFAULT_HTTP_PORT = 8080;

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
      collect,
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

function parseWithholdable(text: string): Withholdable {
  const found = findWithholdable(text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`${WITHHOLDABLE_HINT}.`);
}

/** Letters, digits, - and dots, as in DNS. */
const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

function addHttpHost(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [name = '', namespace = DEFAULT_NAMESPACE, ...rest] = text.split('=');
  const host = name.toLowerCase();
  if (!HOST_NAME.test(host) || !isToken(namespace) || rest.length > 0)
    throw new InvalidArgumentError('Write NAME or NAME=NAMESPACE, such as api.example.com=shop.');
  return { ...before, [host]: namespace };
}
