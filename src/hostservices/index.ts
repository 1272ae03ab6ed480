import type { NatsConnection } from '@nats-io/transport-node';
import type { Binding, HostService } from '../core/index.ts';
import { createKvService } from './kv/provider.ts';

/** Every host service of a cell, by name. A new one is one folder and one line here (and one in schemas.ts). */
export function createHostServices(nc: NatsConnection): Readonly<Record<Binding['service'], HostService>> {
  return { kv: createKvService(nc) };
}

export { readGuestScripts } from './guest-scripts.ts';
