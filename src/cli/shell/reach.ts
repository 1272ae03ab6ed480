import { withoutUserInfo } from '../../control/index.ts';
import { resolveEndpoint } from './connection.ts';
import type { CliEnvironment } from './environment.ts';

/** Variables whose credentials come before those that commands find by themselves. */
const CREDENTIALS = ['NATS_CREDS', 'NATS_NKEY', 'NATS_USER', 'NATS_TOKEN', 'NATS_CONTEXT'] as const;

/** How commands reach a server that is not where, or not as whom, they look by themselves. */
export interface Reach {
  /** ` --server URL`, or nothing where they find it. */
  readonly serverFlag: string;
  /** Variables with credentials that a server of our own does not know. */
  readonly inTheWay: readonly string[];
}

/** As messages show servers: without what may be secret in their URLs. */
export function shownServers(servers: readonly string[]): string {
  return servers.map(withoutUserInfo).join(',');
}

/** @param isOurs whether the server has been started for this node */
export async function reachOf(
  env: CliEnvironment,
  servers: readonly string[],
  isOurs: boolean,
): Promise<Reach> {
  const shown = shownServers(servers);
  const usual = await resolveEndpoint({}, env).catch(() => undefined);
  const isFound = usual !== undefined && shownServers(usual.servers) === shown;
  const access = isOurs ? await resolveEndpoint({ server: shown }, env).catch(() => undefined) : undefined;
  return {
    serverFlag: isFound ? '' : ` --server ${shown}`,
    inTheWay: access?.credentialsFrom === undefined ? [] : CREDENTIALS.filter((name) => env.variables[name]),
  };
}

/** The same for people: `--server URL, and without NATS_CREDS, whose credentials it does not know`. */
export function describeReach({ serverFlag, inTheWay }: Reach): string {
  const without =
    inTheWay.length === 0
      ? ''
      : `without ${inTheWay.join(' and ')}, whose credentials this server does not know`;
  const ways = [serverFlag === '' ? '' : `with${serverFlag}`, without].filter((way) => way !== '');
  return ways.length === 0 ? '' : `commands reach it ${ways.join(', and ')}`;
}
