import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsEndpoint } from '../../core/index.ts';
import type { Accounts } from './accounts.ts';
import { createSharedAccess } from './shared-access.ts';

/** All namespaces in the one account that the node has: on a server without accounts of ours. */
export function createOneAccount(nc: NatsConnection, endpoint: NatsEndpoint): Accounts {
  const access = createSharedAccess(endpoint, () => nc);
  return {
    way: 'shared',
    open: () => Promise.resolve(access),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
