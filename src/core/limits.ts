/** The limits of one function, resolved. */
export interface FunctionLimits {
  /** Wall clock from acceptance to reply. */
  readonly timeoutMs: number;
  /** The longest the function may hold a thread at a stretch; above `HOST_LIMITS.inlineCpuMs` one of the heavy lane. */
  readonly cpuMs: number;
  /** V8 heap of one instance. */
  readonly memoryBytes: number;
  /** Invocations in progress at once, per cell. */
  readonly concurrency: number;
  /** Invocations waiting for a free place, per cell; past it callers get HS_FUNCTION_OVERLOADED. */
  readonly queue: number;
  /** Largest message accepted. */
  readonly payloadBytes: number;
  /** Instances that are made before they are needed and never evicted, per cell. */
  readonly minWarm: number;
}

export interface LimitRange {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** The range and default of each limit; what the Nexfile leaves out takes the default. */
export const LIMIT_RANGES = {
  timeoutMs: { min: 10, max: 300_000, default: 5_000 },
  cpuMs: { min: 5, max: 60_000, default: 50 },
  memoryBytes: { min: 8 * 1024 ** 2, max: 1024 ** 3, default: 64 * 1024 ** 2 },
  concurrency: { min: 1, max: 1_000, default: 100 },
  queue: { min: 0, max: 100_000, default: 1_000 },
  payloadBytes: { min: 1, max: 64 * 1024 ** 2, default: 1024 ** 2 },
  /** A cell has one instance of each function. */
  minWarm: { min: 0, max: 1, default: 0 },
} as const satisfies Record<keyof FunctionLimits, LimitRange>;

export const DEFAULT_LIMITS: FunctionLimits = {
  timeoutMs: LIMIT_RANGES.timeoutMs.default,
  cpuMs: LIMIT_RANGES.cpuMs.default,
  memoryBytes: LIMIT_RANGES.memoryBytes.default,
  concurrency: LIMIT_RANGES.concurrency.default,
  queue: LIMIT_RANGES.queue.default,
  payloadBytes: LIMIT_RANGES.payloadBytes.default,
  minWarm: LIMIT_RANGES.minWarm.default,
};

/** Ceilings that are not per function. */
export const HOST_LIMITS = {
  /** Largest artifact (bundle and source map together). */
  artifactBytes: 32 * 1024 ** 2,
  /** How long clients wait for a deployment that do not say so. */
  deployMs: 60_000,
  triggersPerFunction: 64,
  bindingsPerFunction: 64,
  /** Bytes of messages that wait or run in one function of a cell: so much, or so many of its largest messages. */
  backlogBytes: 16 * 1024 ** 2,
  backlogPayloads: 8,
  /** Share of a cell's memory limit that the messages of all its functions may take. */
  cellBacklogShare: 0.25,
  /** Code of functions, with its code cache, that a cell keeps in memory. */
  codeMemoryBytes: 32 * 1024 ** 2,
  /** An instance is replaced when it has been there for so long. */
  recycleAgeMs: 3_600_000,
  /** An instance is replaced when it has served so many invocations. */
  recycleInvocations: 1_000_000,
  /** An instance is replaced when its heap stays fuller than this share of its memory limit. */
  recycleHeapShare: 0.8,
  /** The longest that the thread with the NATS connection is held; what may take longer runs in the heavy lane. */
  inlineCpuMs: 50,
  /** How long what `waitUntil` was given may go on after the reply. */
  tailMs: 30_000,
  /** Promises of one invocation that `waitUntil` holds at once. */
  tails: 64,
  /** Pending host calls of one invocation. */
  pendingHostCalls: 256,
  /** Bytes of one log line of a function; longer lines are cut. */
  logLineBytes: 8 * 1024,
  /** Log lines of one function per second; more are dropped and counted. */
  logLinesPerSecond: 1_000,
  /** Keys that one `keys()` call returns. */
  kvKeys: 10_000,
} as const;
