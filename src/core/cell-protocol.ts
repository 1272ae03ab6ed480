/**
 * What the host process and a cell process say to each other over Node's IPC channel.
 *
 * The host sends commands with a `requestId`; the cell answers each with exactly one `reply`. The
 * first command is `assign`, which gives the cell its namespace and its NATS connection. A cell that
 * wants a socket sends `dial`; the host connects, passes the socket with `socket` and keeps a
 * duplicate, from which it reads what a dead cell left unread (docs/decisions/0002).
 */
import type { CodeCacheRecord } from './code-cache-format.ts';
import type { ColdCounts, ColdReason } from './cold-reason.ts';
import type { ArtifactRef, FunctionSpec } from './definition.ts';
import type { WireError } from './errors.ts';
import type { HttpAnswerRecord, HttpAskRecord } from './http-exchange.ts';
import type { LogRecord } from './logger.ts';
import type { SealedSecret } from './sealed-secret.ts';
import type { ObserveOptions, TelemetryReport } from './telemetry.ts';

/** How to reach NATS. Exactly the fields that are needed for the chosen way of authenticating. */
export interface NatsEndpoint {
  /** `nats://host:port` or `tls://host:port`. */
  readonly servers: readonly string[];
  /** Text of a `.creds` file. */
  readonly creds?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Nkey seed (`SU…`). */
  readonly nkeySeed?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly inboxPrefix?: string;
  /** Where the credentials were found, for messages. */
  readonly credentialsFrom?: string;
}

/** A NATS user of one function, with what its bindings need and nothing more. */
export interface WorkloadCredential {
  /** Text of a `.creds` file. */
  readonly creds: string;
  /** Where it gets its replies; no other user of the account may listen there. */
  readonly inboxPrefix: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** By function id; a function that is not in it uses its cell's connection. */
export type WorkloadCredentials = Readonly<Record<string, WorkloadCredential>>;

/** Given to a cell process at start, in its first argument as JSON. */
export interface CellOptions {
  readonly cellId: string;
  /** Of the node, which is a queue group of its own for what comes for all. */
  readonly nodeId: string;
  /** Folder of artifacts by digest; the cell reads from it and never writes. */
  readonly artifactDir: string;
  /** Inherited file descriptor of the in-flight journal. */
  readonly journalFd: number;
  /** RSS at which the watchdog kills the cell. */
  readonly rssLimitBytes: number;
  /** How long an entry may overrun its CPU limit before the watchdog kills the cell. */
  readonly hangGraceMs: number;
  /** Blank isolates kept prepared. */
  readonly spareIsolates: number;
  /** Instances kept warm; the least recently used beyond it is evicted when idle. */
  readonly warmInstances: number;
  /** An instance idle for so long is evicted. */
  readonly idleEvictMs: number;
  /** Memory that warm instances may take together; past it the least recently used is evicted when idle. */
  readonly warmMemoryBytes: number;
  /** The longest that the thread with the NATS connection is held by a function. */
  readonly inlineCpuMs: number;
  /** Where callers are answered beside inboxes; of {@link ReplySubjects}. */
  readonly replySubjects: readonly string[];
  /** How much to observe beside the feeds; nothing by default. */
  readonly observe?: ObserveOptions;
  /** Whether a debugger may attach to functions; then none of them has limits of time. */
  readonly inspect: boolean;
}

/** One function's state in a cell. */
export interface FunctionStats {
  readonly id: string;
  readonly state: 'idle' | 'warm';
  readonly invocations: number;
  readonly errors: number;
  /** Invocations that had to wait for an instance to be made. */
  readonly coldStarts: number;
  readonly coldReasons: ColdCounts;
  /** Instances made ahead for `limits.minWarm`. */
  readonly prewarmed: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Wall-clock time of all invocations together. */
  readonly busyMs: number;
  readonly lastColdMs: number;
  readonly heapBytes: number;
}

export interface CellStats {
  readonly rssBytes: number;
  readonly warm: number;
  readonly spareIsolates: number;
  /** Memory of the warm instances, when it was measured last. */
  readonly warmBytes: number;
  /** Code that is kept in memory, with its code cache. */
  readonly codeBytes: number;
  /** Blank isolates made in the background, and the time of the cell's thread that they took. */
  readonly refills: number;
  readonly refillMs: number;
  readonly inFlight: number;
  readonly droppedReplies: number;
  readonly functions: readonly FunctionStats[];
}

/** A message that did not come to the cell that is to run it, and that nobody has begun. */
export interface AdoptedMessage {
  readonly functionId: string;
  /** Of the trigger that caught it, or INVOKE_KEY: the version that runs it may be another by now. */
  readonly triggerKey: string;
  readonly subject: string;
  readonly reply: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly data: Uint8Array;
}

/** `triggerIndex` of a message that came by the invoke subject. */
export const INVOKE_TRIGGER = -1;
/** And its `triggerKey`. */
export const INVOKE_KEY = '';

export interface ActivateResult {
  /** For each function NATS subscription ids, one per trigger, in the order of the triggers; 0 for an HTTP trigger. */
  readonly sids: readonly (readonly number[])[];
  /** For each function the subscription id of its invoke subject. */
  readonly invokeSids: readonly number[];
  /** For each function a subject on which the server does not let it listen; empty for none. */
  readonly refused: readonly string[];
}

export interface CheckResult {
  /** Handlers that the module exports. */
  readonly handlers: readonly string[];
  /** Bytes of V8 heap after loading. */
  readonly heapBytes: number;
  /** What V8 has compiled; null when that is too much to keep. */
  readonly codeCache: CodeCacheRecord | null;
}

/** Command → result of each kind. */
export interface CellCommands {
  assign: {
    readonly params: {
      readonly namespace: string;
      readonly nats: NatsEndpoint;
      /** Curve seed (`SX…`) that opens the secrets of this namespace on this node, and no others. */
      readonly secretSeed: string;
    };
    /** Whether the connection is encrypted: then nobody but the cell can read on where it ends. */
    readonly result: { readonly encrypted: boolean };
  };
  /** Loads an artifact in a throw-away isolate; fails with the code that says why it does not load. */
  check: { readonly params: { readonly spec: FunctionSpec }; readonly result: CheckResult };
  /** Subscribes functions, or replaces their running versions without a gap. */
  activate: {
    readonly params: {
      readonly specs: readonly FunctionSpec[];
      readonly credentials: WorkloadCredentials;
      /** Why their first instances are made: `crash` where another cell served them before. */
      readonly coldReason: Extract<ColdReason, 'first' | 'crash'>;
      /** Those that the specs are bound to. */
      readonly secrets: readonly SealedSecret[];
    };
    readonly result: ActivateResult;
  };
  /**
   * Puts other credentials in the place of what the cell uses for itself and for its functions. Done when the cell
   * listens over a connection with them, or that takes too long.
   */
  renew: {
    readonly params: {
      readonly nats: NatsEndpoint;
      readonly credentials: WorkloadCredentials;
      /** Whether the earlier ones are void soon, and not only when they expire. */
      readonly atOnce: boolean;
    };
    readonly result: null;
  };
  /** Fails with the code that says why the cell cannot open it. */
  openSecret: { readonly params: { readonly secret: SealedSecret }; readonly result: null };
  /** Unsubscribes, finishes accepted work, frees all that the function holds. */
  deactivate: { readonly params: { readonly id: string }; readonly result: null };
  adopt: { readonly params: { readonly messages: readonly AdoptedMessage[] }; readonly result: null };
  /** Ends invocations of a function, all or the one with this id. */
  cancel: {
    readonly params: { readonly id: string; readonly invocationId: string | null };
    readonly result: { readonly cancelled: number };
  };
  /**
   * A debugger's session with a function, which is woken for it: `open` begins one, `message` passes a
   * message of the Chrome DevTools Protocol on, `close` ends it.
   */
  inspect: {
    readonly params: {
      readonly sessionId: number;
      readonly id: string;
      readonly action: 'open' | 'message' | 'close';
      readonly message: string;
    };
    readonly result: null;
  };
  /** Publishes an event per invocation until `untilMs` (epoch). */
  tap: { readonly params: { readonly untilMs: number }; readonly result: null };
  /** With the figures of some functions; null: of all. */
  stats: { readonly params: { readonly functionIds: readonly string[] | null }; readonly result: CellStats };
  /** Takes no new work, finishes what is accepted, closes the connection. */
  drain: { readonly params: { readonly graceMs: number }; readonly result: null };
}

export type CellCommandName = keyof CellCommands;

export type HostToCell =
  | {
      [Name in CellCommandName]: {
        readonly type: 'command';
        readonly requestId: number;
        readonly name: Name;
        readonly params: CellCommands[Name]['params'];
      };
    }[CellCommandName]
  /** HTTP requests for functions, and those whose answers nobody waits for any more: what one turn of the event loop brings. */
  | {
      readonly type: 'requests';
      readonly asks: readonly HttpAskRecord[];
      readonly abandoned: readonly number[];
    }
  /** Comes with the socket as the message's handle. */
  | { readonly type: 'socket'; readonly dialId: number }
  | {
      readonly type: 'dial-failed';
      readonly dialId: number;
      readonly code: string;
      readonly message: string;
    };

export type CellToHost =
  | { readonly type: 'ready' }
  | { readonly type: 'reply'; readonly requestId: number; readonly ok: true; readonly result: unknown }
  | { readonly type: 'reply'; readonly requestId: number; readonly ok: false; readonly error: WireError }
  /** To HTTP requests, one to each. */
  | { readonly type: 'answers'; readonly answers: readonly HttpAnswerRecord[] }
  | { readonly type: 'dial'; readonly dialId: number; readonly host: string; readonly port: number }
  | { readonly type: 'log'; readonly record: LogRecord }
  /** A message of the Chrome DevTools Protocol; null when the session is over, as with its instance. */
  | { readonly type: 'inspected'; readonly sessionId: number; readonly message: string | null }
  | { readonly type: 'closed'; readonly reason: string }
  | { readonly type: 'telemetry'; readonly report: TelemetryReport };

export type { ArtifactRef };
