import { HOST_LIMITS, LIMIT_RANGES } from '../core/index.ts';
import type { HostOptions } from './types.ts';

export type ResolvedHostOptions = Required<HostOptions> & {
  /** How long an entry may overrun its CPU limit before the watchdog kills the cell. */
  readonly hangGraceMs: number;
};

/**
 * Longer than a deployment takes, and than the last invocation of a replaced version, which may have to load its
 * artifact once more.
 */
const ARTIFACT_SWEEP_MS = 2 * LIMIT_RANGES.timeoutMs.max;

const DEFAULTS = {
  nexus: 'nexus',
  spareCells: 1,
  cellRssLimitBytes: 1024 ** 3,
  spareIsolates: 4,
  warmInstances: 64,
  idleEvictMs: 300_000,
  artifactSweepMs: ARTIFACT_SWEEP_MS,
  inlineCpuMs: HOST_LIMITS.inlineCpuMs,
  inspect: undefined,
  http: undefined,
  replySubjects: [],
  withheld: [],
  operator: undefined,
  delegation: undefined,
  drainGraceMs: 10_000,
  telemetry: {},
} as const;

/** Of a cell's memory limit; the rest is for blank isolates, messages and the cell itself. */
const WARM_MEMORY_SHARE = 0.5;

/** Fills in the defaults; a node without a name takes its machine's. */
export function resolveHostOptions(options: HostOptions, machineName: string): ResolvedHostOptions {
  const resolved = { ...DEFAULTS, nodeName: machineName, hangGraceMs: 200, ...options };
  const { cellRssLimitBytes, nats } = resolved;
  // Functions that call each other have their answers there.
  const ownInboxes = nats.inboxPrefix === undefined ? [] : [`${nats.inboxPrefix}.>`];
  return {
    warmMemoryBytes: cellRssLimitBytes * WARM_MEMORY_SHARE,
    ...resolved,
    replySubjects: [...resolved.replySubjects, ...ownInboxes],
  };
}
