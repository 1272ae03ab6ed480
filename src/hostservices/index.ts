import type { NatsConnection } from '@nats-io/transport-node';
import {
  type FunctionSpec,
  type HostCall,
  type HostService,
  type LocalBinding,
  type LocalFunctions,
  type MessagingBinding,
  type PreparedBinding,
  type ServiceBinding,
  systemClock,
} from '../core/index.ts';
import { prepareCrypto } from './crypto/provider.ts';
import { createHttpService } from './http/provider.ts';
import { checkKvCall } from './kv/grant.ts';
import { createKvService } from './kv/provider.ts';
import { checkMessagingCall } from './messaging/grant.ts';
import {
  createMessagingService,
  MessagingBudgets,
  type MessagingOptions,
  prepareLocalCalls,
} from './messaging/provider.ts';
import { checkObjectCall } from './objectstore/grant.ts';
import { createObjectStoreService } from './objectstore/provider.ts';

/** Services that go by NATS. */
type NatsService = Exclude<ServiceBinding['service'], 'http'>;

/** What they need beside the connection: its inboxes, the functions that can be called, and what its cell bounds. */
export type NatsServiceOptions = MessagingOptions;

/** The host services over one connection. A new one is one folder and one line here (and one in schemas.ts). */
export function createNatsServices(
  nc: NatsConnection,
  options: NatsServiceOptions = {},
): Readonly<Record<NatsService, HostService>> {
  return {
    kv: createKvService(nc, options.inboxPrefix),
    messaging: createMessagingService(nc, systemClock, options),
    objectstore: createObjectStoreService(nc, options.inboxPrefix),
  };
}

/** Every host service of a cell, by name, over its own connection. */
export function createHostServices(
  nc: NatsConnection,
  options: NatsServiceOptions = {},
): Readonly<Record<ServiceBinding['service'], HostService>> {
  return { http: createHttpService({ clock: systemClock }), ...createNatsServices(nc, options) };
}

/**
 * What a call that goes over NATS needs of its grant, before there is a connection to make it by; the services check
 * it again.
 * @throws as {@link PreparedBinding.call} rejects
 */
export function checkGrant(label: string, binding: ServiceBinding, call: HostCall): void {
  if (binding.service === 'kv') checkKvCall(label, binding, call);
  else if (binding.service === 'messaging') checkMessagingCall(label, binding, call);
  else if (binding.service === 'objectstore') checkObjectCall(label, binding, call);
}

/** What a binding does without a connection of its function's own; `nc` is the cell's. */
export function prepareLocally(
  nc: NatsConnection,
  binding: ServiceBinding,
  functions: LocalFunctions,
): LocalBinding | undefined {
  if (binding.service !== 'messaging') return undefined;
  return prepareLocalCalls(nc, systemClock, binding, functions);
}

export { readGuestScripts } from './guest-scripts.ts';
export { MessagingBudgets };

/** What every function has without a grant, by the label under which the guest's scripts call it. No binding can have such a label. */
export function prepareBuiltIns(spec: FunctionSpec): Readonly<Record<string, PreparedBinding>> {
  return { $crypto: prepareCrypto(spec.limits.timeoutMs) };
}

/** The label of `ctx.call`. */
export const CALLS_LABEL = '$functions';

/** `ctx.call` of a function: it needs no label, and reaches what any of the messaging bindings lets it call. */
export function callsBinding({ bindings }: Pick<FunctionSpec, 'bindings'>): MessagingBinding {
  const granted = Object.values(bindings).flatMap((binding) =>
    binding.service === 'messaging' ? binding.call : [],
  );
  return { service: 'messaging', publish: [], request: [], call: granted };
}

/** The bindings of a function that it calls; a secret is a value and nothing to call. */
export function serviceBindings({
  bindings,
}: Pick<FunctionSpec, 'bindings'>): Readonly<Record<string, ServiceBinding>> {
  const called = Object.entries(bindings).flatMap(([label, binding]) =>
    binding.service === 'secret' ? [] : [[label, binding] as const],
  );
  return Object.fromEntries(called);
}
