/**
 * Every NATS subject that Hairspring uses, as one function each, with its literal form above it.
 * The `$NEX` ones are Nex's own (control plane of synadia-io/nex, `models/subjects.go`).
 */

const CONTROL = '$NEX.SVC';
const FEED = '$NEX.FEED';

/** The namespace whose callers may see all others, and under which nodes answer. */
export const SYSTEM_NAMESPACE = 'system';

export const nodeSubjects = {
  /** `$NEX.SVC.system.control.PING` */
  ping: (): string => `${CONTROL}.${SYSTEM_NAMESPACE}.control.PING`,
  /** `$NEX.SVC.system.control.PING.<node>` */
  pingNode: (nodeId: string): string => `${CONTROL}.${SYSTEM_NAMESPACE}.control.PING.${nodeId}`,
  /** `$NEX.SVC.system.control.PTAGS` */
  tags: (): string => `${CONTROL}.${SYSTEM_NAMESPACE}.control.PTAGS`,
  /** `$NEX.SVC.system.control.INFO.<node>` */
  info: (nodeId: string): string => `${CONTROL}.${SYSTEM_NAMESPACE}.control.INFO.${nodeId}`,
  /** `$NEX.SVC.system.control.LAMEDUCK.<node>` */
  lameDuck: (nodeId: string): string => `${CONTROL}.${SYSTEM_NAMESPACE}.control.LAMEDUCK.${nodeId}`,
  /** `$NEX.SVC.system.control.AGENTID.<node>` */
  agentId: (nodeId: string): string => `${CONTROL}.${SYSTEM_NAMESPACE}.control.AGENTID.${nodeId}`,
  /** `$NEX.SVC.system.control.HEARTBEAT.<node>` */
  heartbeat: (nodeId: string): string => `${CONTROL}.${SYSTEM_NAMESPACE}.control.HEARTBEAT.${nodeId}`,
} as const;

/** `namespace` may be `*` to subscribe for all. */
export const workloadSubjects = {
  /** `$NEX.SVC.<ns>.control.AUCTION` */
  auction: (namespace: string): string => `${CONTROL}.${namespace}.control.AUCTION`,
  /** `$NEX.SVC.<ns>.control.ADEPLOY.<bid>` */
  deploy: (namespace: string, bidId: string): string => `${CONTROL}.${namespace}.control.ADEPLOY.${bidId}`,
  /** `$NEX.SVC.<ns>.control.UNDEPLOY.<workload>` */
  undeploy: (namespace: string, workloadId: string): string =>
    `${CONTROL}.${namespace}.control.UNDEPLOY.${workloadId}`,
  /** `$NEX.SVC.<ns>.control.CLONE.<workload>` */
  clone: (namespace: string, workloadId: string): string =>
    `${CONTROL}.${namespace}.control.CLONE.${workloadId}`,
  /** `$NEX.SVC.<ns>.control.WPING` */
  list: (namespace: string): string => `${CONTROL}.${namespace}.control.WPING`,
} as const;

/** What Hairspring has and Nex has not, beside Nex's subjects under a token of our own. */
export const hairspringSubjects = {
  /** `$NEX.SVC.<ns>.control.HS.INFO.<name or id>`: one function in full. */
  info: (namespace: string, nameOrId: string): string =>
    `${CONTROL}.${namespace}.control.HS.INFO.${nameOrId}`,
  /** `$NEX.SVC.<ns>.control.HS.LIVE.<name>`: the version that a deployment would replace, and its bindings. */
  live: (namespace: string, name: string): string => `${CONTROL}.${namespace}.control.HS.LIVE.${name}`,
  /** `$NEX.SVC.<ns>.control.HS.CANCEL.<name or id>`: end invocations of a function. */
  cancel: (namespace: string, nameOrId: string): string =>
    `${CONTROL}.${namespace}.control.HS.CANCEL.${nameOrId}`,
  /** `$NEX.SVC.<ns>.control.HS.TAP`: ask for invocation events for a while. */
  tap: (namespace: string): string => `${CONTROL}.${namespace}.control.HS.TAP`,
  /** `$NEX.SVC.system.control.HS.NAMESPACE.<ns>`: open a namespace; for those in the account of the nodes. */
  namespace: (namespace: string): string =>
    `${CONTROL}.${SYSTEM_NAMESPACE}.control.HS.NAMESPACE.${namespace}`,
  /** `$NEX.SVC.<ns>.control.HS.SECRET.KEY`: the key to which each node has secrets of the namespace sealed. */
  secretKey: (namespace: string): string => `${CONTROL}.${namespace}.control.HS.SECRET.KEY`,
  /** `$NEX.SVC.<ns>.control.HS.SECRET.SET.<node>`: store a secret that is sealed to this node. */
  secretSet: (namespace: string, nodeId: string): string =>
    `${CONTROL}.${namespace}.control.HS.SECRET.SET.${nodeId}`,
  /** `$NEX.SVC.<ns>.control.HS.SECRET.LIST`: names of the namespace's secrets on each node. */
  secretList: (namespace: string): string => `${CONTROL}.${namespace}.control.HS.SECRET.LIST`,
  /** `$NEX.SVC.<ns>.control.HS.SECRET.DELETE.<name>`: forget a secret on all nodes. */
  secretDelete: (namespace: string, name: string): string =>
    `${CONTROL}.${namespace}.control.HS.SECRET.DELETE.${name}`,
  /** `$NEX.SVC.<ns>.control.HS.INVOKE.<name>`: call a function by name; cells answer this one themselves. */
  invoke: (namespace: string, name: string): string => `${CONTROL}.${namespace}.control.HS.INVOKE.${name}`,
} as const;

export const feedSubjects = {
  /** `$NEX.FEED.<ns>.logs.<workload>.<stdout|stderr>` */
  logs: (namespace: string, workloadId: string, stream: 'stdout' | 'stderr' | '*'): string =>
    `${FEED}.${namespace}.logs.${workloadId}.${stream}`,
  /** `$NEX.FEED.<from>.events.<EVENT>`; `from` is a namespace or a node id. */
  events: (from: string, event: string): string => `${FEED}.${from}.events.${event}`,
} as const;

/** A name that becomes one subject token: namespace, function, bucket, node name. */
export const TOKEN_PATTERN: RegExp = /^[A-Za-z0-9_-]{1,64}$/;

export function isToken(value: string): boolean {
  return TOKEN_PATTERN.test(value);
}
