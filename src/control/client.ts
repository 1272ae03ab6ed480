import type { NatsConnection } from '@nats-io/nats-core';
import { type Clock, systemClock } from '../core/index.ts';
import { type CancelResult, cancel } from './client-cancel.ts';
import { type DeployPlacement, type DeployRequest, deploy } from './client-deploy.ts';
import { events, type FeedEvent, logs, tap } from './client-feeds.ts';
import { type InvokeOptions, type InvokeResult, invoke } from './client-invoke.ts';
import { openNamespace } from './client-namespace.ts';
import { lameDuck, nodeInfo, nodes } from './client-nodes.ts';
import { assertToken, type ClientContext } from './client-request.ts';
import {
  deleteSecret,
  listSecrets,
  type SecretSummary,
  type SetSecretOptions,
  type SetSecretResult,
  setSecret,
} from './client-secrets.ts';
import { clone, info, list, live, undeploy } from './client-workloads.ts';
import type {
  FunctionInfo,
  InvocationEvent,
  LameDuckResponse,
  LiveFunction,
  LogLine,
  NodeInfoResponse,
  NodePingResponse,
  StartWorkloadRequest,
  StartWorkloadResponse,
  StopWorkloadResponse,
  WorkloadSummary,
} from './types.ts';

export interface ControlClientOptions {
  /** The namespace to speak for; `system` sees all. */
  readonly namespace: string;
  /** For one answer. @default 5_000; longer for what takes longer, such as a deployment */
  readonly timeoutMs?: number;
  /** @default the system's */
  readonly clock?: Clock;
}

/**
 * Speaks to all nodes over NATS. Every method throws HairspringError: what a node answered, else
 * HS_NO_NODE when nobody listens, HS_NATS_UNREACHABLE when no answer came in time, HS_NATS_REFUSED
 * when the user may not ask, HS_USAGE for a name that cannot be one.
 */
export interface ControlClient {
  /** All nodes that answer; none is an empty list. */
  nodes(): Promise<NodePingResponse[]>;
  nodeInfo(nodeId: string): Promise<NodeInfoResponse>;
  /** Has the node take no new work and stop after `delayMs`. */
  lameDuck(nodeId: string, delayMs: number): Promise<LameDuckResponse>;
  /** Deploys to one of the nodes that bid. @throws HS_NO_NODE saying why nobody bid */
  deploy(request: DeployRequest, placement?: DeployPlacement): Promise<StartWorkloadResponse>;
  /** The functions of all nodes; `filter` takes ids and names. */
  list(options?: { readonly filter?: readonly string[] }): Promise<WorkloadSummary[]>;
  /**
   * Resolves when what the function had accepted is finished.
   * @throws HS_FUNCTION_NOT_FOUND, HS_NATS_UNREACHABLE when that takes longer than `timeoutMs` (30,000)
   */
  undeploy(idOrName: string): Promise<StopWorkloadResponse>;
  /** The deploy request that made the function. @throws HS_FUNCTION_NOT_FOUND */
  clone(idOrName: string): Promise<StartWorkloadRequest>;
  /** @throws HS_FUNCTION_NOT_FOUND */
  info(nameOrId: string): Promise<FunctionInfo>;
  /** The version that a deployment under `name` would replace, with its bindings; `undefined` for none. */
  live(name: string): Promise<LiveFunction | undefined>;
  /** Ends what a function does, on all nodes: all of it, or one invocation. @throws HS_FUNCTION_NOT_FOUND */
  cancel(nameOrId: string, invocationId?: string): Promise<CancelResult>;
  /** Calls a function by name; its error is in the result. @throws HS_FUNCTION_NOT_FOUND when nothing serves it */
  invoke(name: string, payload: Uint8Array | string, options?: InvokeOptions): Promise<InvokeResult>;
  /**
   * Credentials for the tools of those who own a namespace, whose account is made where it is missing; null where
   * namespaces have no accounts. For those in the account of the nodes.
   */
  openNamespace(namespace: string): Promise<string | null>;
  /**
   * Sets a secret on the nodes, sealed for each; functions that are bound to it go over to it.
   * @throws HS_SECRET_INVALID, HS_SECRET_KEY_UNTRUSTED
   */
  setSecret(name: string, value: string, options?: SetSecretOptions): Promise<SetSecretResult>;
  /** The secrets of the namespace, without their values. */
  listSecrets(): Promise<SecretSummary[]>;
  /** @returns the nodes that had it. @throws HS_SECRET_MISSING, HS_SECRET_IN_USE */
  deleteSecret(name: string): Promise<readonly string[]>;
  /** Follows what functions log; `function` is an id. */
  logs(options: { readonly function?: string }, onLine: (line: LogLine) => void): Promise<AsyncDisposable>;
  /** Follows finished invocations. */
  tap(onEvent: (event: InvocationEvent) => void): Promise<AsyncDisposable>;
  /** Follows all events of the namespace. */
  events(onEvent: (event: FeedEvent) => void): Promise<AsyncDisposable>;
}

/** Makes a client on `nc`, which stays the caller's. @throws HS_USAGE for an impossible namespace */
export function createControlClient(nc: NatsConnection, options: ControlClientOptions): ControlClient {
  assertToken(options.namespace, 'namespace');
  const context: ClientContext = {
    nc,
    namespace: options.namespace,
    timeoutMs: options.timeoutMs ?? 5_000,
    slowTimeoutMs: (byDefault) => options.timeoutMs ?? byDefault,
    clock: options.clock ?? systemClock,
  };
  return {
    nodes: () => nodes(context),
    nodeInfo: (nodeId) => nodeInfo(context, nodeId),
    lameDuck: (nodeId, delayMs) => lameDuck(context, nodeId, delayMs),
    deploy: (request, placement = {}) => deploy(context, request, placement),
    list: ({ filter = [] } = {}) => list(context, filter),
    undeploy: (idOrName) => undeploy(context, idOrName),
    clone: (idOrName) => clone(context, idOrName),
    info: (nameOrId) => info(context, nameOrId),
    live: (name) => live(context, name),
    cancel: (nameOrId, invocationId) => cancel(context, nameOrId, invocationId),
    invoke: (name, payload, invokeOptions = {}) => invoke(context, name, payload, invokeOptions),
    openNamespace: (namespace) => openNamespace(context, namespace),
    setSecret: (name, value, secretOptions = {}) => setSecret(context, name, value, secretOptions),
    listSecrets: () => listSecrets(context),
    deleteSecret: (name) => deleteSecret(context, name),
    logs: (logOptions, onLine) => logs(context, logOptions.function, onLine),
    tap: (onEvent) => tap(context, onEvent),
    events: (onEvent) => events(context, onEvent),
  };
}
