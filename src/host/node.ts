import { arch, cpus, platform } from 'node:os';
import { nuid } from '@nats-io/nuid';
import {
  ACCOUNTS_TAG,
  type CancelResponse,
  type FunctionInfo,
  type LiveFunction,
  type NodeBackend,
  type SecretBackend,
  type StartWorkloadRequest,
  type StartWorkloadResponse,
  type StopWorkloadResponse,
  type WorkloadSummary,
} from '../control/index.ts';
import {
  type FunctionDefinition,
  type FunctionStats,
  HairspringError,
  isToken,
  isTransition,
  NODE_TRANSITIONS,
  type NodeState,
  noColdStarts,
  SYSTEM_NAMESPACE,
} from '../core/index.ts';
import type { Accounts } from './accounts/index.ts';
import type { CellSupervisor } from './cells/index.ts';
import type { Deployments } from './deployments/index.ts';
import { startRequestJsonSchema } from './manifest/index.ts';
import { type Hindrance, remedyOf, workloadSummary } from './workload-summary.ts';

export interface NodeOptions {
  readonly nodeId: string;
  readonly xkey: string;
  readonly nodeName: string;
  readonly nexus: string;
  readonly version: string;
  readonly startedAt: Date;
  readonly cells: CellSupervisor;
  readonly deployments: Deployments;
  readonly accounts: Accounts;
  readonly secrets: SecretBackend;
  /** Called once, when lame duck begins; stops the node within `delayMs`. */
  readonly onLameDuck: (delayMs: number) => void;
}

/** What the control plane's endpoints talk to: this node, seen as Nex sees one. */
export class Node implements NodeBackend {
  readonly nodeId: string;
  readonly agentId: string = nuid.next();
  readonly nexus: string;
  readonly nodeName: string;
  readonly version: string;
  readonly xkey: string;
  readonly startedAt: Date;
  readonly startRequestSchema: string = startRequestJsonSchema();
  readonly secrets: SecretBackend;
  readonly #options: NodeOptions;
  #state: NodeState = 'starting';

  constructor(options: NodeOptions) {
    this.#options = options;
    this.nodeId = options.nodeId;
    this.nexus = options.nexus;
    this.nodeName = options.nodeName;
    this.version = options.version;
    this.xkey = options.xkey;
    this.secrets = options.secrets;
    this.startedAt = options.startedAt;
  }

  get tags(): Readonly<Record<string, string>> {
    return {
      'nex.os': platform(),
      'nex.arch': arch() === 'x64' ? 'amd64' : arch(),
      'nex.cpucount': String(cpus().length),
      'nex.lameduck': String(this.#state === 'lameduck'),
      'nex.nexus': this.nexus,
      'nex.node': this.nodeName,
      [ACCOUNTS_TAG]: this.#options.accounts.way,
    };
  }

  state(): NodeState {
    return this.#state;
  }

  /** Moves along the node's state machine; a step that is not in it is ignored. */
  moveTo(state: NodeState): void {
    if (isTransition(NODE_TRANSITIONS, this.#state, state)) this.#state = state;
  }

  workloadCount(): number {
    return this.#options.deployments.functions.size;
  }

  async deploy(request: StartWorkloadRequest, timeoutMs: number): Promise<StartWorkloadResponse> {
    if (this.#state !== 'running')
      throw new HairspringError('HS_DRAINING', `Cannot deploy "${request.name}": the node is ${this.#state}`);
    const { id, name } = await this.#options.deployments.deploy(request, timeoutMs);
    return { id, name };
  }

  async openNamespace(namespace: string): Promise<string | null> {
    if (!isToken(namespace) || namespace === SYSTEM_NAMESPACE) {
      throw new HairspringError(
        'HS_USAGE',
        `Cannot open namespace "${namespace}": it is not a name for one`,
        {
          hint: 'Use 1 to 64 letters, digits, - or _, and not "system", which belongs to the nodes',
        },
      );
    }
    return (await this.#options.accounts.open(namespace)).createToolCredentials();
  }

  async undeploy(namespace: string, workloadId: string): Promise<StopWorkloadResponse | undefined> {
    const removed = await this.#options.deployments.undeploy(namespace, workloadId);
    return removed === undefined
      ? undefined
      : { id: removed.id, workload_type: removed.type, stopped: true, message: '' };
  }

  async clone(namespace: string, workloadId: string): Promise<StartWorkloadRequest | undefined> {
    const definition = this.#options.deployments.functions.find(namespace, workloadId);
    if (definition === undefined) return undefined;
    return {
      name: definition.name,
      namespace: definition.namespace,
      description: definition.description,
      workload_type: definition.type,
      workload_lifecycle: 'function',
      run_request: definition.runRequest,
      tags: definition.tags,
      metadata: definition.metadata,
    };
  }

  async list(namespace: string, filter: readonly string[]): Promise<readonly WorkloadSummary[]> {
    const wanted = this.#options.deployments.functions
      .all()
      .filter((definition) => namespace === SYSTEM_NAMESPACE || definition.namespace === namespace)
      .filter(({ id, name }) => filter.length === 0 || filter.includes(id) || filter.includes(name));
    const stats = await this.#stats(wanted, filter.length > 0);
    return wanted.map((definition) =>
      workloadSummary(definition, stats.get(definition.id), this.#hindranceOf(definition)),
    );
  }

  /** @param only whether they are few of many, so that the figures of the others would be gathered in vain */
  async #stats(
    wanted: readonly FunctionDefinition[],
    only: boolean,
  ): Promise<ReadonlyMap<string, FunctionStats>> {
    const byId = new Map<string, FunctionStats>();
    for (const [namespace, own] of Map.groupBy(wanted, (definition) => definition.namespace)) {
      const ids = only ? own.map(({ id }) => id) : null;
      // A cell that dies just now takes its counters with it.
      for (const { functions } of await this.#options.cells.stats(namespace, ids))
        for (const one of functions) byId.set(one.id, one);
    }
    return byId;
  }

  /** Undefined where it is served as others are. */
  #hindranceOf(definition: FunctionDefinition): Hindrance | undefined {
    const { deployments, cells } = this.#options;
    const reason = deployments.functions.waitingFor(definition.id);
    if (reason === undefined) return cells.sentenceOf(definition);
    const error = deployments.functions.waitingError(definition.id);
    return { state: 'waiting', reason, ...(error === undefined ? {} : { error }) };
  }

  async info(namespace: string, nameOrId: string): Promise<FunctionInfo | undefined> {
    const definition = this.#options.deployments.functions.find(namespace, nameOrId);
    if (definition === undefined) return undefined;
    const stats = (await this.#stats([definition], true)).get(definition.id);
    const hindrance = this.#hindranceOf(definition);
    return {
      nodeId: this.nodeId,
      definition,
      stats: stats ?? idleStats(definition.id),
      ...(hindrance === undefined ? {} : { [hindrance.state]: hindrance.reason }),
      ...(hindrance?.error === undefined
        ? {}
        : { waitingCode: hindrance.error.code, waitingRemedy: remedyOf(hindrance.error) }),
    };
  }

  async live(namespace: string, name: string): Promise<LiveFunction | undefined> {
    const stored = await this.#options.deployments.stored(namespace, name);
    if (stored === undefined) return undefined;
    return { node_id: this.nodeId, version: stored.version, bindings: stored.bindings };
  }

  async cancel(
    namespace: string,
    nameOrId: string,
    invocationId: string | undefined,
  ): Promise<CancelResponse | undefined> {
    const definition = this.#options.deployments.functions.find(namespace, nameOrId);
    if (definition === undefined) return undefined;
    const cancelled = await this.#options.cells.cancel(definition, invocationId ?? null);
    return { node_id: this.nodeId, cancelled };
  }

  async tap(namespace: string, untilMs: number): Promise<void> {
    await this.#options.cells.tap(namespace, untilMs);
  }

  async lameDuck(delayMs: number): Promise<void> {
    if (this.#state !== 'running') return;
    this.moveTo('lameduck');
    this.#options.onLameDuck(delayMs);
  }
}

function idleStats(id: string): FunctionStats {
  return {
    id,
    state: 'idle',
    invocations: 0,
    errors: 0,
    coldStarts: 0,
    coldReasons: noColdStarts(),
    prewarmed: 0,
    inFlight: 0,
    queued: 0,
    busyMs: 0,
    lastColdMs: 0,
    heapBytes: 0,
  };
}
