/** What the control plane needs of a node, and what its client gives to tools. */
import type {
  Binding,
  ColdReason,
  FunctionDefinition,
  FunctionStats,
  LogLevel,
  NodeState,
} from '../core/index.ts';
import type { SecretBackend } from './secret-types.ts';

// ---------------------------------------------------------------- Nex wire models (JSON keys are Nex's)

export interface AuctionRequest {
  readonly agent_type: string;
  readonly auction_id: string;
  readonly tags: Readonly<Record<string, string>> | null;
}

export interface AuctionResponse {
  readonly bidder_id: string;
  /** JSON Schema of `run_request`, as a string. */
  readonly start_request_schema: string;
  readonly supported_lifecycles: readonly string[];
  readonly xkey: string;
}

export interface StartWorkloadRequest {
  readonly name: string;
  readonly namespace: string;
  readonly description: string;
  readonly workload_type: string;
  readonly workload_lifecycle: string;
  /** JSON text of the start request. */
  readonly run_request: string;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  readonly reference?: string | undefined;
  /**
   * Not Nex's: the version that the caller knows to be live, empty for none. The node refuses the deployment
   * when it is another one by now. Absent: whatever is live is replaced.
   */
  readonly expected_version?: string | undefined;
}

export interface StartWorkloadResponse {
  readonly id: string;
  readonly name: string;
}

export interface StopWorkloadResponse {
  readonly id: string;
  readonly workload_type: string;
  readonly stopped: boolean;
  readonly message: string;
}

export interface WorkloadSummary {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly workload_type: string;
  readonly workload_lifecycle: string;
  readonly workload_state: 'starting' | 'running' | 'warm' | 'stopping' | 'stopped' | 'error';
  readonly start_time: string;
  readonly runtime: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NodePingResponse {
  readonly node_id: string;
  readonly agent_count: number;
  readonly start_time: string;
  readonly state: NodeState;
  readonly tags: Readonly<Record<string, string>>;
  readonly version: string;
  readonly xkey: string;
}

export interface AgentSummary {
  readonly name: string;
  readonly type: string;
  readonly version: string;
  readonly state: NodeState;
  readonly start_time: string;
  /** Comma-separated. */
  readonly supported_lifecycles: string;
  readonly workload_count: number;
}

export interface NodeInfoResponse {
  readonly node_id: string;
  readonly uptime: string;
  readonly version: string;
  readonly xkey: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly node_agent_summaries: readonly {
    readonly agent_id: string;
    readonly agent_health: string;
    readonly agent_health_stoplight: string;
    readonly agent_last_heartbeat_time: string;
    readonly agent_summary: AgentSummary;
  }[];
}

export interface LameDuckResponse {
  readonly success: boolean;
  readonly message: string;
}

// ---------------------------------------------------------------- Hairspring's own

/** Reply of HS.INFO. */
export interface FunctionInfo {
  readonly nodeId: string;
  readonly definition: FunctionDefinition;
  readonly stats: FunctionStats;
  /** Why the node does not serve it any more; absent while it does. */
  readonly suspended?: string;
  /** Why the node serves it in a cell of its own; absent otherwise. */
  readonly quarantined?: string;
  /** Why the node does not serve it yet; absent while it does. */
  readonly waiting?: string;
  /** The error that it waits for, and what helps; absent also before it is first tried. */
  readonly waitingCode?: string;
  readonly waitingRemedy?: string;
}

/** Reply of HS.LIVE: what the next deployment under a name replaces, on whichever node it is served. */
export interface LiveFunction {
  readonly node_id: string;
  readonly version: string;
  readonly bindings: Readonly<Record<string, Binding>>;
}

/** Reply of HS.CANCEL. */
export interface CancelResponse {
  readonly node_id: string;
  /** Invocations that this node ended. */
  readonly cancelled: number;
}

/** One finished invocation, published on `$NEX.FEED.<ns>.events.INVOCATION` while somebody has asked with HS.TAP. */
export interface InvocationEvent {
  readonly functionId: string;
  readonly name: string;
  readonly namespace: string;
  readonly version: string;
  readonly subject: string;
  /** `ok` or an error code. */
  readonly status: string;
  /** Present when this invocation made the instance. */
  readonly coldMs?: number;
  /** Why it had to; present with `coldMs`. */
  readonly coldReason?: ColdReason;
  /** From acceptance to reply. */
  readonly durationMs: number;
  readonly replyBytes: number;
  /** Events that were not published since the last one because there were too many. */
  readonly dropped?: number;
}

/** One line that a function logged. */
export interface LogLine {
  readonly namespace: string;
  readonly functionId: string;
  readonly stream: 'stdout' | 'stderr';
  readonly level: LogLevel;
  readonly text: string;
}

/** What a node does for its control endpoints. Methods throw HairspringError; endpoints turn that into Nex's error reply. */
/** Reply to HS.NAMESPACE. */
export interface NamespaceResponse {
  readonly node_id: string;
  readonly namespace: string;
  /** Text of a `.creds` file; null where namespaces have no accounts. */
  readonly creds: string | null;
}

export interface NodeBackend {
  readonly nodeId: string;
  readonly agentId: string;
  readonly nexus: string;
  readonly nodeName: string;
  readonly version: string;
  readonly xkey: string;
  readonly startedAt: Date;
  readonly tags: Readonly<Record<string, string>>;
  readonly startRequestSchema: string;
  state(): NodeState;
  workloadCount(): number;
  /** @param timeoutMs how long its caller waits */
  deploy(request: StartWorkloadRequest, timeoutMs: number): Promise<StartWorkloadResponse>;
  /** `undefined` when this node does not hold the workload. */
  undeploy(namespace: string, workloadId: string): Promise<StopWorkloadResponse | undefined>;
  /** `undefined` when this node does not hold the workload. */
  clone(namespace: string, workloadId: string): Promise<StartWorkloadRequest | undefined>;
  /** `namespace` `system` lists all. */
  list(namespace: string, filter: readonly string[]): Promise<readonly WorkloadSummary[]>;
  /** `undefined` when this node does not hold the function. */
  info(namespace: string, nameOrId: string): Promise<FunctionInfo | undefined>;
  /** What is stored under a name, be it served by this node or not. `undefined` when nothing is. */
  live(namespace: string, name: string): Promise<LiveFunction | undefined>;
  /** Ends invocations, all or the one with this id. `undefined` when this node does not hold the function. */
  cancel(
    namespace: string,
    nameOrId: string,
    invocationId: string | undefined,
  ): Promise<CancelResponse | undefined>;
  tap(namespace: string, untilMs: number): Promise<void>;
  /**
   * Credentials for the tools of those who own a namespace, whose account is made where it is missing; null where
   * namespaces have no accounts.
   */
  openNamespace(namespace: string): Promise<string | null>;
  readonly secrets: SecretBackend;
  /** Starts lame duck: no new work now, drained by `delayMs`. Resolves when it has begun. */
  lameDuck(delayMs: number): Promise<void>;
}
