import { formatDuration, HairspringError, HOST_LIMITS, type Manifest } from '../../core/index.ts';

/** The ways in which a function starts, in the order of the report. */
export const STARTS = [
  { subject: 'new-cell', title: 'new cell', budget: 'new-cell' },
  { subject: 'new-isolate', title: 'new isolate', budget: 'new-isolate' },
  { subject: 'pooled-isolate', title: 'pooled isolate', budget: 'cold' },
  { subject: 'evicted', title: 'evicted and back', budget: 'evicted' },
] as const;
export type Start = (typeof STARTS)[number];
/** Those that need a copy of the function for each start. */
export type ColdSubject = Exclude<Start['subject'], 'new-cell'>;

const COLD_KINDS = STARTS.length - 1;

/** Requests that are kept under way, in turn. */
export const LEVELS = [1, 16, 64, 256] as const;
/** The row of what a warm instance takes. */
export const MEMORY = 'warm-instance';

/** How much is measured. */
export interface BenchPlan {
  /** Rounds in which floor and function are loaded once at each level. */
  readonly rounds: number;
  readonly levels: readonly number[];
  /** Load before the first round, which compiles the code on the path. */
  readonly firstWarmupMs: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  /** Requests that the host's own time is taken of. */
  readonly insideRequests: number;
  /** Copies of the function that are woken in each pass over a kind of start. */
  readonly copies: number;
  readonly coldPasses: number;
  readonly newCells: number;
  /** Before each start, so that the pool is full again. */
  readonly pauseMs: number;
  /** After a host has started: the pool and the spare cell fill up. */
  readonly settleMs: number;
}

export interface PlanOptions {
  readonly durationMs: number | undefined;
  readonly quick: boolean;
  readonly limits: Manifest['start']['limits'];
  readonly payloadBytes: number;
  /** What one request took. */
  readonly warmMs: number;
  readonly artifactBytes: number;
}

const DEFAULT_MS = 60_000;
const QUICK_MS = 20_000;
export const MIN_DURATION_MS = 5_000;
const MAX_DURATION_MS = 3_600_000;

/** Of what the hosts leave of the duration, for load; the rest is for starts. */
const LOAD_SHARE = 0.65;
/** A window has at least so many requests one after the other. */
const MIN_REQUESTS = 10;
const MIN_WINDOW_MS = 80;
const WARMUP_SHARE = 0.25;
const MAX_WARMUP_MS = 300;
/** What starting and stopping a host takes, about. */
const HOST_MS = 2_000;
/** Hosts beside those of the passes: for load, and for new cells. */
const OTHER_HOSTS = 2;
const PAUSE_MS = 15;
/** Of each copy in a pass: the start, and warm requests to compare it with. */
export const WARM_REQUESTS = 2;
const MIN_COPIES = 8;
const MAX_COPIES = 100;
/** So few are woken where their code together is more than a cell keeps in memory. */
const FEW_COPIES = 4;

/** @throws HS_USAGE for a duration that is out of range */
export function checkDuration(durationMs: number): void {
  if (durationMs >= MIN_DURATION_MS && durationMs <= MAX_DURATION_MS) return;
  const range = `${formatDuration(MIN_DURATION_MS)} to ${formatDuration(MAX_DURATION_MS)}`;
  throw new HairspringError('HS_USAGE', `Cannot measure for ${formatDuration(durationMs)}`, {
    hint: `--duration takes ${range}`,
  });
}

/** Lays out what fits into the duration. */
export function planFor(options: PlanOptions): BenchPlan {
  const { quick, warmMs, artifactBytes } = options;
  const totalMs = options.durationMs ?? (quick ? QUICK_MS : DEFAULT_MS);
  const levels = levelsFor(options);
  const rounds = quick ? 3 : 5;
  const coldPasses = quick ? 1 : 3;
  const passes = coldPasses * COLD_KINDS;
  const workMs = Math.max(0, totalMs - HOST_MS * (OTHER_HOSTS + passes));
  const slotMs = Math.max(
    (workMs * LOAD_SHARE) / (rounds * Math.max(1, levels.length) * 2),
    MIN_WINDOW_MS / (1 - WARMUP_SHARE),
  );
  const warmupMs = Math.min(MAX_WARMUP_MS, slotMs * WARMUP_SHARE);
  const startMs = (1 + WARM_REQUESTS) * (PAUSE_MS + warmMs);
  const fitting = Math.floor((workMs * (1 - LOAD_SHARE)) / passes / startMs);
  const kept = Math.max(FEW_COPIES, Math.floor(HOST_LIMITS.codeMemoryBytes / Math.max(1, artifactBytes)));
  return {
    rounds,
    levels,
    firstWarmupMs: quick ? 300 : 1_500,
    warmupMs,
    windowMs: Math.max(slotMs - warmupMs, MIN_REQUESTS * warmMs),
    insideRequests: quick ? 50 : 200,
    copies: Math.min(Math.max(MIN_COPIES, fitting), MAX_COPIES, kept),
    coldPasses,
    newCells: quick ? 2 : 5,
    pauseMs: PAUSE_MS,
    settleMs: quick ? 400 : 1_000,
  };
}

/** The levels at which the function's own limits refuse no request. */
function levelsFor({ limits, payloadBytes }: PlanOptions): readonly number[] {
  const { backlogBytes, backlogPayloads } = HOST_LIMITS;
  const backlog = Math.max(backlogBytes, backlogPayloads * limits.payloadBytes);
  return LEVELS.filter(
    (level) => level <= limits.concurrency + limits.queue && level * payloadBytes <= backlog,
  );
}
