import { endpointFrom } from '../../control/index.ts';
import { NATS_SERVER_VERSIONS, natsServerHas } from '../../core/index.ts';
import type { LocalNode } from '../node/local-node.ts';
import type { CommandContext } from '../shell/command.ts';
import { natsSources } from '../shell/connection.ts';
import { DEFAULT_NAMESPACE } from '../shell/global-options.ts';
import { withOwnCredentials } from '../shell/own-server.ts';
import { reachOf } from '../shell/reach.ts';
import { shellQuote } from './shell-quote.ts';

/** What the lines to try need beyond what their programs find by themselves. */
export interface TryFlags {
  readonly hairspring: string;
  /** Of the NATS CLI, which does not know our credentials. */
  readonly nats: string;
}

/** @param serverVersion of the server of the node */
export async function tryFlagsOf(
  { env, options }: CommandContext,
  { endpoint, server }: LocalNode,
  serverVersion: string,
): Promise<TryFlags> {
  const { namespace } = options;
  const isOurs = server !== undefined;
  const { serverFlag } = await reachOf(env, endpoint.servers, isOurs);
  const inNamespace = namespace === DEFAULT_NAMESPACE ? '' : ` --namespace ${namespace}`;
  const said = (['context', 'creds', 'nkey'] as const).flatMap((name) =>
    options[name] === undefined || isOurs ? [] : [` --${name} ${shellQuote(options[name])}`],
  );
  const hairspring = `${serverFlag}${said.join('')}${inNamespace}`;
  if (!isOurs) return { hairspring, nats: `${serverFlag}${said.join('')}` };
  const found = await endpointFrom({ server: endpoint.servers.join(',') }, natsSources(env)).catch(
    () => undefined,
  );
  const isAnonymous =
    namespace === DEFAULT_NAMESPACE &&
    found?.credentialsFrom === undefined &&
    natsServerHas(serverVersion, NATS_SERVER_VERSIONS.anonymous);
  const { credentialsFrom } = isAnonymous ? {} : await withOwnCredentials(endpoint, namespace, env);
  return {
    hairspring,
    nats: `${serverFlag}${credentialsFrom === undefined ? '' : ` --creds ${shellQuote(credentialsFrom)}`}`,
  };
}
