import type { HairspringError, Logger, NatsEndpoint, Withheld } from '../core/index.ts';
import type { AccountsFile, Operator } from './accounts/index.ts';
import type { HostNames } from './http/index.ts';
import type { TelemetryOptions } from './telemetry/index.ts';

export interface HostOptions {
  /** Where to find NATS: the host connects with this, and in this version so do its cells. */
  readonly nats: NatsEndpoint;
  /**
   * The operator of the server that `nats` names, which then has an account for each namespace; `nats` is in the
   * account of the nodes. @default none: all namespaces share the account of `nats`
   */
  readonly operator?: Operator | undefined;
  /**
   * The ways into the accounts that a server of somebody else's has for the namespaces of this node; others are
   * refused. Not with `operator`. @default none
   */
  readonly delegation?:
    | {
        readonly file: AccountsFile;
        /** How long users are good for that the node signs. @default 3_600_000 */
        readonly lifetimeMs?: number;
      }
    | undefined;
  /** Folder for node keys and the artifact cache; made if missing. */
  readonly dataDir: string;
  /** @default the machine's host name */
  readonly nodeName?: string;
  /** @default "nexus" */
  readonly nexus?: string;
  readonly logger: Logger;
  /** Cells kept ready without a namespace. @default 1 */
  readonly spareCells?: number;
  /** RSS at which a cell's watchdog kills it. @default 1 GiB */
  readonly cellRssLimitBytes?: number;
  /** Blank isolates kept prepared per cell. @default 4 */
  readonly spareIsolates?: number;
  /** Warm instances kept per cell. @default 64 */
  readonly warmInstances?: number;
  /** Memory that the warm instances of a cell may take together. @default half of cellRssLimitBytes */
  readonly warmMemoryBytes?: number;
  /** @default 300_000 */
  readonly idleEvictMs?: number;
  /**
   * How long an artifact stays that no function names and that nobody brings or finds; it is gone after twice as long.
   * @default 600_000
   */
  readonly artifactSweepMs?: number;
  /**
   * The longest that a function holds the thread of its cell that reads from NATS; one with a larger
   * `limits.cpu` always runs beside it. @default 50
   */
  readonly inlineCpuMs?: number;
  /** Where debuggers attach to functions, which then have no limits of time; for development. @default nowhere */
  readonly inspect?: { readonly host: string; readonly port: number } | undefined;
  /** Where HTTP triggers are served. @default nowhere */
  readonly http?: HttpListener | undefined;
  /**
   * Patterns of reply subjects at which callers are answered beside inboxes, whose first token begins with `_`: whoever
   * may call a function can have its answer written there. @default none
   */
  readonly replySubjects?: readonly string[];
  /** What functions may not be bound to on this node, whatever their Nexfiles say. @default nothing */
  readonly withheld?: Withheld;
  /** Time for accepted work to finish at shutdown. @default 10_000 */
  readonly drainGraceMs?: number;
  /** Traces and metrics. @default none */
  readonly telemetry?: TelemetryOptions;
}

/** Where HTTP triggers are served, and to whom. */
export interface HttpListener extends HostNames {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** To try in turn when that is in use. @default none */
  readonly otherPorts?: readonly number[];
}

/** A running node. Disposing drains it: accepted work finishes, then all of it is gone. Idempotent. */
export interface RunningHost extends AsyncDisposable {
  readonly nodeId: string;
  /** Where metrics are served for Prometheus, if they are. */
  readonly metricsUrl: string | undefined;
  /**
   * How the tools of those who own a namespace connect; its account is made where it is missing.
   * @throws HS_NATS_…
   */
  namespaceEndpoint(namespace: string): Promise<NatsEndpoint>;
  /** Process ids of all cells, spares included; for tests and diagnosis. */
  cellPids(): readonly number[];
  /** `host:port` where debuggers attach; undefined when they may not. */
  readonly inspectAddress: string | undefined;
  /** `http://host:port` where HTTP triggers are served; undefined when they are not. */
  readonly httpUrl: string | undefined;
  /** Resolves when the node has stopped, whoever asked for it; with the error that it has stopped for, if there is one. */
  readonly stopped: Promise<HairspringError | undefined>;
}

// startHost(options: HostOptions): Promise<RunningHost>
// Errors: HS_NATS_UNREACHABLE, HS_NATS_REFUSED, HS_NATS_VERSION, HS_NATS_JETSTREAM, HS_DATA_DIR.
