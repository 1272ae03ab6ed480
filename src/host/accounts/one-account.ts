import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsEndpoint } from '../../core/index.ts';
import type { Accounts, NamespaceAccess } from './accounts.ts';

/**
 * All namespaces in the one account that the node has: on a server without accounts of ours. What functions may
 * touch is then held back by the bridge alone.
 */
export function createOneAccount(nc: NatsConnection, endpoint: NatsEndpoint): Accounts {
  const access: NamespaceAccess = {
    nc,
    renewMs: undefined,
    createCellUser: () => ({ endpoint, withdraw: () => undefined }),
    credentialFor: () => undefined,
    withdraw: () => undefined,
    developerEndpoint: () => endpoint,
    createToolCredentials: () => null,
  };
  return {
    way: 'shared',
    open: () => Promise.resolve(access),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
