import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '../../control/index.ts';
import { HairspringError, type NatsEndpoint } from '../../core/index.ts';
import type { NamespaceAccess } from './accounts.ts';
import type { Delegation } from './accounts-file.ts';

export type SharedDelegation = Extract<Delegation, { readonly kind: 'creds' }>;

/**
 * Connects the node to an account as the user of a credentials file.
 * @throws HS_NATS_UNREACHABLE, HS_NATS_REFUSED naming the file
 */
export async function connectShared(
  namespace: string,
  { creds, file }: SharedDelegation,
  where: NatsEndpoint,
): Promise<NatsConnection> {
  try {
    return await connectNats({ ...where, creds }, { name: `hairspring node ${namespace}` });
  } catch (error) {
    if (!HairspringError.is(error) || error.code !== 'HS_NATS_REFUSED') throw error;
    const message = `Cannot open namespace "${namespace}": the server refused the credentials in "${file}"`;
    const hint =
      'They may have expired or be revoked; write new ones there with `nsc generate creds`, and start the node again';
    throw new HairspringError('HS_NATS_REFUSED', message, { hint, cause: error });
  }
}

/** Cells and functions have the user that the node has; the bridge alone holds functions back. */
export function createSharedAccess(
  endpoint: NatsEndpoint,
  connection: () => NatsConnection,
): NamespaceAccess {
  return {
    get nc() {
      return connection();
    },
    renewMs: undefined,
    forCell: () => ({
      isWorn: false,
      connectAs: () => Promise.resolve(endpoint),
      credentialFor: () => undefined,
      renewed: () => undefined,
      withdraw: () => undefined,
    }),
    withdraw: () => undefined,
    developerEndpoint: () => endpoint,
    createToolCredentials: () => null,
  };
}
