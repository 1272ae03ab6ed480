import type { NatsConnection } from '@nats-io/transport-node';
import {
  type Binding,
  type FunctionSpec,
  type HostService,
  type PreparedBinding,
  systemClock,
} from '../core/index.ts';
import { prepareCrypto } from './crypto/provider.ts';
import { createHttpService } from './http/provider.ts';
import { createKvService } from './kv/provider.ts';
import { createMessagingService } from './messaging/provider.ts';
import { createObjectStoreService } from './objectstore/provider.ts';

/** Every host service of a cell, by name. A new one is one folder and one line here (and one in schemas.ts). */
export function createHostServices(
  nc: NatsConnection,
  inboxPrefix?: string,
): Readonly<Record<Binding['service'], HostService>> {
  return {
    kv: createKvService(nc, inboxPrefix),
    http: createHttpService({ clock: systemClock }),
    messaging: createMessagingService(nc, systemClock),
    objectstore: createObjectStoreService(nc, inboxPrefix),
  };
}

export { readGuestScripts } from './guest-scripts.ts';

/** What every function has without a grant, by the label under which the guest's scripts call it. No binding can have such a label. */
export function prepareBuiltIns(spec: FunctionSpec): Readonly<Record<string, PreparedBinding>> {
  return { $crypto: prepareCrypto(spec.limits.timeoutMs) };
}
