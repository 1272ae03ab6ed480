import { nuid } from '@nats-io/nuid';
import type { NodeBackend, StartWorkloadRequest, WorkloadSummary } from '../../../src/control/index.ts';
import {
  DEFAULT_LIMITS,
  type FunctionDefinition,
  HairspringError,
  type NodeState,
  noColdStarts,
  SYSTEM_NAMESPACE,
} from '../../../src/core/index.ts';

export interface MemoryNode extends NodeBackend {
  /** Settable by the test. */
  nodeState: NodeState;
  readonly held: Map<string, StartWorkloadRequest>;
  readonly taps: { readonly namespace: string; readonly untilMs: number }[];
  readonly cancels: { readonly id: string; readonly invocationId: string | undefined }[];
  readonly lameDucks: number[];
  /** How long the callers of `deploy` wait. */
  readonly waits: (number | undefined)[];
  deploy(request: StartWorkloadRequest, timeoutMs?: number): ReturnType<NodeBackend['deploy']>;
  /** When set, `deploy` throws it. */
  deployError: Error | undefined;
}

/** A node that keeps what is deployed in memory and runs nothing. */
export function createMemoryNode(overrides: Partial<NodeBackend> = {}): MemoryNode {
  const held = new Map<string, StartWorkloadRequest>();
  const visible = (namespace: string): [string, StartWorkloadRequest][] =>
    [...held].filter(([, request]) => namespace === SYSTEM_NAMESPACE || request.namespace === namespace);
  const node: MemoryNode = {
    nodeId: `N${nuid.next()}`,
    agentId: nuid.next(),
    nexus: 'nexus',
    nodeName: 'test-node',
    version: '0.1.0',
    xkey: 'XTEST',
    startedAt: new Date('2029-12-31T23:58:59.500Z'),
    tags: { zone: 'a' },
    startRequestSchema: '{"type":"object"}',
    nodeState: 'running',
    held,
    taps: [],
    cancels: [],
    lameDucks: [],
    waits: [],
    deployError: undefined,
    state: () => node.nodeState,
    workloadCount: () => held.size,
    async deploy(request, timeoutMs) {
      node.waits.push(timeoutMs);
      if (node.deployError !== undefined) throw node.deployError;
      const id = nuid.next();
      held.set(id, request);
      return { id, name: request.name };
    },
    async undeploy(namespace, workloadId) {
      if (held.get(workloadId)?.namespace !== namespace) return undefined;
      held.delete(workloadId);
      return { id: workloadId, workload_type: 'javascript', stopped: true, message: '' };
    },
    clone: async (_namespace, workloadId) => held.get(workloadId),
    list: async (namespace, filter) =>
      visible(namespace)
        .filter(([id, { name }]) => filter.length === 0 || filter.includes(id) || filter.includes(name))
        .map(([id, request]) => summaryOf(id, request)),
    async info(namespace, nameOrId) {
      const found = visible(namespace).find(([id, { name }]) => id === nameOrId || name === nameOrId);
      if (found === undefined) return undefined;
      return { nodeId: node.nodeId, definition: definitionOf(...found), stats: statsOf(found[0]) };
    },
    async live(namespace, name) {
      const found = visible(namespace).find(([, request]) => request.name === name);
      if (found === undefined) return undefined;
      const { version, bindings } = definitionOf(...found);
      return { node_id: node.nodeId, version, bindings };
    },
    async cancel(namespace, nameOrId, invocationId) {
      const found = visible(namespace).find(([id, { name }]) => id === nameOrId || name === nameOrId);
      if (found === undefined) return undefined;
      node.cancels.push({ id: found[0], invocationId });
      return { node_id: node.nodeId, cancelled: invocationId === undefined ? 3 : 1 };
    },
    async tap(namespace, untilMs) {
      node.taps.push({ namespace, untilMs });
    },
    async openNamespace(namespace) {
      return `credentials for ${namespace}`;
    },
    secrets: {
      key: () => refuseSecrets(),
      set: async () => refuseSecrets(),
      list: async () => ({ node_id: node.nodeId, secrets: [] }),
      delete: async () => refuseSecrets(),
    },
    async lameDuck(delayMs) {
      node.lameDucks.push(delayMs);
      node.nodeState = 'lameduck';
    },
  };
  return Object.assign(node, overrides);
}

function refuseSecrets(): never {
  throw new HairspringError('HS_SECRET_INVALID', 'This node keeps no secrets');
}

/** A deploy request, complete but for its namespace. */
export function requestFor(name: string): Omit<StartWorkloadRequest, 'namespace'> {
  return {
    name,
    description: '',
    workload_type: 'javascript',
    workload_lifecycle: 'function',
    run_request: '{"uri":"nats://code/hello.js"}',
    tags: {},
  };
}

function summaryOf(id: string, { name, namespace, metadata }: StartWorkloadRequest): WorkloadSummary {
  return {
    id,
    name,
    namespace,
    workload_type: 'javascript',
    workload_lifecycle: 'function',
    workload_state: 'running',
    start_time: '2030-01-01T00:00:00.000Z',
    runtime: '0s',
    tags: {},
    metadata: metadata ?? {},
  };
}

function definitionOf(id: string, request: StartWorkloadRequest): FunctionDefinition {
  return {
    format: 1,
    type: 'javascript',
    id,
    namespace: request.namespace,
    name: request.name,
    version: '0123456789ab',
    description: request.description,
    tags: {},
    metadata: {},
    artifact: { digest: '00', bytes: 1 },
    triggers: [],
    bindings: {},
    environment: {},
    limits: DEFAULT_LIMITS,
    deployedAt: '2030-01-01T00:00:00.000Z',
    runRequest: request.run_request,
  };
}

function statsOf(id: string) {
  return {
    id,
    state: 'idle' as const,
    invocations: 3,
    errors: 0,
    coldStarts: 1,
    coldReasons: { ...noColdStarts(), first: 1 },
    prewarmed: 0,
    inFlight: 0,
    queued: 0,
    busyMs: 2,
    lastColdMs: 1,
    heapBytes: 0,
  };
}
