import { z } from 'zod';
import { ACCOUNTS_TAG, requireServer, withoutUserInfo } from '../../control/index.ts';
import { ERROR_CODES, HairspringError, NATS_SERVER_VERSIONS, natsServerHas } from '../../core/index.ts';
import type { Connection, ControlConnection } from '../shell/connection.ts';
import { countOf } from '../shell/format.ts';
import { type CheckContext, type Finding, fail, pass, skip, warn } from './check.ts';

const UNREACHABLE = skip('NATS is not reached');

/** nats-server's own service: which account and user this connection is. */
const USER_INFO = '$SYS.REQ.USER.INFO';
/** The account of a server that is configured without accounts. */
const GLOBAL_ACCOUNT = '$G';

const userInfo = z.object({ data: z.object({ account: z.string(), user: z.string().default('') }) });

/** `failure` is why there is no connection. */
export function checkReachable(
  { endpoint, connection }: CheckContext,
  failure: HairspringError | undefined,
): Finding {
  if (connection !== undefined) return pass((endpoint?.servers ?? []).map(withoutUserInfo).join(', '));
  const error = failure ?? new HairspringError('HS_NATS_UNREACHABLE', 'NATS cannot be reached');
  return fail(error.message, error.hint ?? error.info.remedy);
}

export async function checkServer({ connection }: CheckContext): Promise<Finding> {
  if (connection === undefined) return UNREACHABLE;
  const version = connection.nc.info?.version ?? 'unknown';
  try {
    await requireServer(connection.nc);
  } catch (error) {
    if (HairspringError.is(error) && error.code === 'HS_NATS_VERSION') {
      return fail(error.message, ERROR_CODES.HS_NATS_VERSION.remedy);
    }
  }
  const { keyTtl } = NATS_SERVER_VERSIONS;
  if (natsServerHas(version, keyTtl)) return pass(`nats-server ${version}`);
  return warn(
    `nats-server ${version}: KV values cannot have a life of their own (perKeyTtl, ttlMs)`,
    `Use nats-server ${keyTtl} or newer if a function needs that`,
  );
}

export async function checkJetStream({ connection }: CheckContext): Promise<Finding> {
  if (connection === undefined) return UNREACHABLE;
  try {
    await requireServer(connection.nc);
    return pass('on for this account');
  } catch (error) {
    const known = HairspringError.from(error);
    if (known.code === 'HS_NATS_VERSION') return skip('the server is too old');
    return fail(known.message, known.hint ?? known.info.remedy);
  }
}

export async function checkAccount({ connection }: CheckContext): Promise<Finding> {
  if (connection === undefined) return UNREACHABLE;
  const account = await accountOf(connection.nc);
  if (account === undefined)
    return warn(
      'the server does not say which account this is',
      'Nothing, unless namespaces share an account',
    );
  if (account === GLOBAL_ACCOUNT)
    return warn(
      'a plain server without accounts: the bridge alone separates namespaces and functions',
      'Good for development; run namespaces that do not trust each other on a server with accounts',
    );
  const ways = await waysOfNodes(connection);
  if (ways.includes('shared'))
    return warn(
      `account ${account}: ${WAYS.shared}`,
      'Give each namespace an account, and name the ways into them with `up --accounts FILE`; see docs/accounts.md',
    );
  return pass([`account ${account}`, ...ways.map((way) => WAYS[way])].join(': '));
}

/** Accounts of a server that this user has started come to be when their namespace is first used. */
export function unusedNamespace(namespace: string): Finding {
  return warn(
    `no command of this user has used the namespace "${namespace}" since the server started`,
    'Nothing, if that is its name: the first command that uses it makes its account and credentials. Until then the checks are those of the account of the nodes',
  );
}

/** What nodes do about accounts, as they say in a tag. */
const WAYS = {
  shared: 'all namespaces share the account of the nodes, and the bridge alone separates them',
  own: 'the nodes make an account for each namespace',
  delegated: 'the nodes enter the accounts of their accounts file',
} as const;

type Way = keyof typeof WAYS;

async function waysOfNodes({ client }: ControlConnection): Promise<readonly Way[]> {
  try {
    const found = (await client.nodes()).map(({ tags }) => tags?.[ACCOUNTS_TAG]);
    return (Object.keys(WAYS) as Way[]).filter((way) => found.includes(way));
  } catch {
    return [];
  }
}

async function accountOf(nc: Connection): Promise<string | undefined> {
  try {
    const answer = await nc.request(USER_INFO, '', { timeout: 2_000 });
    return userInfo.parse(answer.json()).data.account;
  } catch {
    return undefined;
  }
}

export async function checkNodes({ connection }: CheckContext): Promise<Finding> {
  if (connection === undefined) return UNREACHABLE;
  try {
    const nodes = await connection.client.nodes();
    if (nodes.length === 0) return fail('no node answers', 'Start one with `hairspring up`');
    const states = nodes.map(({ node_id, state }) => `${node_id} ${state}`).join(', ');
    return pass(`${countOf(nodes.length, 'node')}: ${states}`);
  } catch (error) {
    const known = HairspringError.from(error);
    return fail(known.message, known.hint ?? known.info.remedy);
  }
}
