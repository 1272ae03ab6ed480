import { HairspringError, type NatsEndpoint, ReplySubjects, type Withheld } from '../../core/index.ts';
import type { HttpListener } from '../../host/index.ts';
import type { CommandContext } from '../shell/command.ts';
import { resolveEndpoint } from '../shell/connection.ts';
import type { CliEnvironment } from '../shell/environment.ts';
import { DEFAULT_NAMESPACE } from '../shell/global-options.ts';
import type { ListenAddress } from './listen-address.ts';
import type { LocalNodeOptions } from './local-node.ts';
import type { NodeFlags } from './node-options.ts';
import { resolveTelemetry } from './telemetry-options.ts';
import { findWithholdable, WITHHOLDABLE_HINT } from './withholdable.ts';

/** What all commands that start a node are told of it alike. */
type NodeSettings = Pick<
  LocalNodeOptions,
  'join' | 'accounts' | 'natsServer' | 'nodeName' | 'telemetry' | 'replySubjects' | 'withheld'
>;

/** What the options of a node and the environment come to. @throws HS_USAGE, HS_CONTEXT_INVALID */
export async function readNodeSettings(context: CommandContext, flags: NodeFlags): Promise<NodeSettings> {
  const join = await endpointToJoin(context, flags);
  return {
    join,
    accounts: accountsToUse(context, flags, join),
    natsServer: flags.natsServer,
    nodeName: flags.name,
    telemetry: resolveTelemetry(flags, context.env.variables),
    replySubjects: replySubjectsOf(context, flags),
    withheld: withheldOf(context, flags),
  };
}

/**
 * Where and to whom the node serves HTTP triggers.
 * @param ownNamespace of those who come to the address of the machine itself
 */
export function httpListener(
  { http, httpHost = {} }: Pick<NodeFlags, 'http' | 'httpHost'>,
  ownNamespace: string,
  fallback: ListenAddress,
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

/**
 * The NATS to join, when an option names one, or the environment does and no option asks for a server
 * of our own. A context that is merely selected does not count.
 * @throws HS_USAGE when options ask for both; HS_CONTEXT_INVALID
 */
async function endpointToJoin(
  { options, env }: CommandContext,
  flags: NodeFlags,
): Promise<NatsEndpoint | undefined> {
  const wantsOwn = flags.port === undefined ? flags.natsServer && '--nats-server' : '--port';
  const named = options.server ?? options.context;
  if (named !== undefined && wantsOwn) {
    throw new HairspringError(
      'HS_USAGE',
      `Cannot join "${named}" and start a nats-server by ${wantsOwn} too`,
      { hint: 'Leave out one of the two' },
    );
  }
  const inEnvironment = env.variables['NATS_URL'] || env.variables['NATS_CONTEXT'];
  if (named === undefined && (wantsOwn || !inEnvironment)) return undefined;
  return await resolveEndpoint(options, env);
}

/**
 * The file of `--accounts`, else of the environment where the node joins a NATS.
 * @throws HS_USAGE when the option comes with a server of our own
 */
function accountsToUse(
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
function replySubjectsOf({ env }: CommandContext, { replySubject }: NodeFlags): readonly string[] {
  const patterns = replySubject ?? listIn(env, 'HAIRSPRING_REPLY_SUBJECTS');
  // What is wrong with one is said before anything is started.
  void new ReplySubjects(patterns);
  return patterns;
}

/** What functions may not be bound to: by the options, else by the environment. @throws HS_USAGE */
function withheldOf({ env }: CommandContext, { withhold }: NodeFlags): Withheld {
  if (withhold !== undefined) return withhold;
  return listIn(env, 'HAIRSPRING_WITHHOLD').map((name) => {
    const found = findWithholdable(name);
    if (found !== undefined) return found;
    throw new HairspringError('HS_USAGE', `Cannot withhold "${name}" (HAIRSPRING_WITHHOLD)`, {
      hint: WITHHOLDABLE_HINT,
    });
  });
}

/** What a variable names, with commas or white space between. */
function listIn({ variables }: CliEnvironment, variable: string): readonly string[] {
  return (variables[variable] ?? '').split(/[\s,]+/).filter((name) => name !== '');
}
