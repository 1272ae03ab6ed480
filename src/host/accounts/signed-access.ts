import { nuid } from '@nats-io/nuid';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../control/index.ts';
import { type Clock, HairspringError, type NatsEndpoint } from '../../core/index.ts';
import type { NamespaceAccess } from './accounts.ts';
import type { Delegation } from './accounts-file.ts';
import type { UserClaims } from './claims.ts';
import { Minter } from './minter.ts';
import { lastingSigner } from './signer.ts';
import { createUser } from './user.ts';

export type SignedDelegation = Extract<Delegation, { readonly kind: 'signing-key' }>;

/**
 * Of the node's own user: it makes buckets, takes in artifacts and answers the callers of dead cells, under whatever
 * subject they wait.
 */
const NODE_PUBLISH_DENIED = [
  '$SYS.>',
  '$NEX.>',
  '$SRV.>',
  '$MQTT.>',
  '$KV.>',
  '$JS.ACK.>',
  '$JS.API.CONSUMER.>',
  '$JS.API.STREAM.DELETE.>',
  '$JS.API.STREAM.UPDATE.>',
  '$JS.API.STREAM.SNAPSHOT.>',
  '$JS.API.STREAM.RESTORE.>',
  '$JS.API.STREAM.MSG.DELETE.>',
];

/** Cells may listen nowhere below `_INBOX`. */
const NODE_INBOX = '_INBOX';

/**
 * Connects the node to an account by a user that it signs itself. That does not expire: it never leaves this process,
 * which has the key.
 * @throws HS_NATS_UNREACHABLE, HS_NATS_REFUSED saying what is wrong with the key
 */
export async function connectSigned(
  namespace: string,
  delegation: SignedDelegation,
  where: NatsEndpoint,
): Promise<NatsConnection> {
  const inboxPrefix = `${NODE_INBOX}.${nuid.next()}`;
  const permissions = {
    publish: ['>'],
    subscribe: [`${inboxPrefix}.>`],
    denyPublish: NODE_PUBLISH_DENIED,
  };
  const endpoint = { ...signedEndpoint(delegation, where, 'node', permissions), inboxPrefix };
  try {
    return await connectNats(endpoint, { name: `hairspring node ${namespace}` });
  } catch (error) {
    if (!HairspringError.is(error) || error.code !== 'HS_NATS_REFUSED') throw error;
    throw await refusedKey(namespace, delegation, where, error);
  }
}

export interface SignedAccessOptions {
  readonly namespace: string;
  readonly delegation: SignedDelegation;
  readonly where: NatsEndpoint;
  /** That of the moment. */
  readonly connection: () => NatsConnection;
  readonly clock: Clock;
  readonly lifetimeMs: number;
}

/** A user for each cell and function, as on a server of ours, but that nothing given out can be revoked. */
export function createSignedAccess(options: SignedAccessOptions): NamespaceAccess {
  const { namespace, delegation, where, connection, clock, lifetimeMs } = options;
  const { account, signer } = delegation;
  const minter = new Minter({
    namespace,
    account,
    takeSigner: () => lastingSigner(signer),
    endpoint: where,
    clock,
    lifetimeMs,
  });
  return {
    get nc() {
      return connection();
    },
    renewMs: minter.renewMs,
    forCell: (cellId) => minter.forCell(cellId),
    withdraw: (functionId) => minter.withdraw(functionId),
    developerEndpoint: () => signedEndpoint(delegation, where, 'developer', 'all'),
    createToolCredentials: () => null,
  };
}

function signedEndpoint(
  { account, signer }: SignedDelegation,
  where: NatsEndpoint,
  name: string,
  permissions: UserClaims['permissions'],
): NatsEndpoint {
  return { ...where, creds: createUser(signer, { name, account, permissions }).creds };
}

/** The server says only that it refuses; a user without permissions of its own tells a scoped key from a wrong one. */
async function refusedKey(
  namespace: string,
  delegation: SignedDelegation,
  where: NatsEndpoint,
  cause: HairspringError,
): Promise<HairspringError> {
  const { file, account, signer } = delegation;
  const whose = `${signer.publicKey} in "${file}"`;
  const action = `Cannot open namespace "${namespace}"`;
  const refused = (message: string, hint: string): HairspringError =>
    new HairspringError('HS_NATS_REFUSED', `${action}: ${message}`, { hint, cause });
  if (await isScoped(delegation, where)) {
    return refused(
      `the signing key ${whose} is a scoped one of account ${account}, for which the server takes no user with permissions of its own`,
      'Give the account a signing key without a role (`nsc edit account NAME --sk generate`), and name its seed instead',
    );
  }
  return refused(
    `the server refused a user of account ${account} that is signed with ${whose}`,
    "The key must be the account's own or one of its signing keys (`nsc describe account NAME`), and the server must have the account as it is (`nsc push`)",
  );
}

async function isScoped(delegation: SignedDelegation, where: NatsEndpoint): Promise<boolean> {
  try {
    const endpoint = signedEndpoint(delegation, where, 'node', 'role');
    const nc = await connectNats(endpoint, { name: 'hairspring node', reconnect: false });
    await nc.close();
    return true;
  } catch {
    return false;
  }
}
