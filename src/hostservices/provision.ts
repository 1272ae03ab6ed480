import type { NatsConnection } from '@nats-io/transport-node';
import type { Binding } from '../core/index.ts';
import { provisionKvBucket } from './kv/provider-provision.ts';
import { provisionObjectStore } from './objectstore/provider-provision.ts';

/**
 * Makes what a binding needs before its function is deployed; called by the host, once per deployment.
 * @throws the service's code when it cannot be had
 */
export async function provisionBinding(nc: NatsConnection, label: string, binding: Binding): Promise<void> {
  switch (binding.service) {
    case 'kv':
      await provisionKvBucket(nc, label, binding);
      return;
    case 'objectstore':
      await provisionObjectStore(nc, label, binding);
      return;
    case 'http':
    case 'messaging':
    case 'secret':
      return;
  }
}

export { isPut } from './kv/provider-messages.ts';
