import { formatDuration, HairspringError, HOST_LIMITS, type Manifest } from '../../core/index.ts';
import type { BenchPart } from './parts.ts';
import { levelsOver, OPEN_PERCENTS, STARTS } from './tiers.ts';

/** How much is measured. */
export interface BenchPlan {
  readonly parts: readonly BenchPart[];
  /** Rounds in which floor and function are loaded once at each level. */
  readonly rounds: number;
  readonly levels: readonly number[];
  /** Load before the first round, which compiles the code on the path. */
  readonly firstWarmupMs: number;
  readonly warmupMs: number;
  /** At the least; longer where the function takes longer to answer. */
  readonly windowMs: number;
  /** What one request took. */
  readonly requestMs: number;
  /** Rounds of arrivals at each of the fixed rates. */
  readonly openRounds: number;
  /** Requests that the host's own time is taken of. */
  readonly insideRequests: number;
  /** Copies of the function that are woken in each pass over a kind of start. */
  readonly copies: number;
  readonly coldPasses: number;
  readonly newCells: number;
  /** Copies that are deployed and never called. */
  readonly idleCopies: number;
  /** Before each start, so that the pool is full again. */
  readonly pauseMs: number;
  /** After a host has started: the pool and the spare cell fill up. */
  readonly settleMs: number;
}

export interface PlanOptions {
  readonly durationMs: number | undefined;
  readonly quick: boolean;
  readonly parts: readonly BenchPart[];
  readonly transport: 'nats' | 'http';
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

/** How often each thing is done, by how long there is. */
const PRESETS = {
  quick: {
    ...{ rounds: 3, openRounds: 1, coldPasses: 1, newCells: 2, idleCopies: 100 },
    ...{ firstWarmupMs: 300, settleMs: 400, insideRequests: 50 },
  },
  normal: {
    ...{ rounds: 3, openRounds: 3, coldPasses: 2, newCells: 5, idleCopies: 300 },
    ...{ firstWarmupMs: 1_500, settleMs: 1_000, insideRequests: 200 },
  },
  long: {
    ...{ rounds: 5, openRounds: 5, coldPasses: 3, newCells: 10, idleCopies: 500 },
    ...{ firstWarmupMs: 1_500, settleMs: 1_000, insideRequests: 500 },
  },
} as const;
const LONG_MS = 120_000;

const COLD_KINDS = STARTS.length - 1;
/** Of what the rest leaves of the duration, for load; the remainder is for starts, where both are measured. */
const LOAD_SHARE = 0.65;
const MIN_WINDOW_MS = 80;
const WARMUP_SHARE = 0.25;
const MAX_WARMUP_MS = 300;
/** What starting and stopping a host takes, and deploying a copy, about. */
const HOST_MS = 1_200;
const DEPLOY_MS = 12;
/** To deploy idle copies, and to start with them. */
const IDLE_HOSTS = 2;
const PAUSE_MS = 15;
/** Of each copy in a pass: the start, and warm requests to compare it with. */
export const WARM_REQUESTS = 2;
const MIN_COPIES = 8;
const MAX_COPIES = 100;
/** So few are woken where their code together is more than a cell keeps in memory, or one is slow. */
const FEW_COPIES = 4;
const SLOW_MS = 100;
/** The host's own time is taken for so long. */
const INSIDE_MS = 4_000;
const MIN_INSIDE = 10;

/** @throws HS_USAGE for a duration that is out of range */
export function checkDuration(durationMs: number): void {
  if (durationMs >= MIN_DURATION_MS && durationMs <= MAX_DURATION_MS) return;
  const range = `${formatDuration(MIN_DURATION_MS)} to ${formatDuration(MAX_DURATION_MS)}`;
  throw new HairspringError('HS_USAGE', `Cannot measure for ${formatDuration(durationMs)}`, {
    hint: `--duration takes ${range}`,
  });
}

/** Lays out what fits into the duration; a slow function takes longer. */
export function planFor(options: PlanOptions): BenchPlan {
  const { quick, parts, warmMs, artifactBytes } = options;
  const totalMs = options.durationMs ?? (quick ? QUICK_MS : DEFAULT_MS);
  const preset = PRESETS[quick ? 'quick' : totalMs >= LONG_MS ? 'long' : 'normal'];
  const levels = levelsFor(options);
  const passes = preset.coldPasses * COLD_KINDS;
  const workMs = Math.max(0, totalMs - restMs(preset, parts));
  const loadMs = parts.includes('load') ? workMs * (parts.includes('starts') ? LOAD_SHARE : 1) : 0;
  const slots = preset.rounds * levels.length * 2 + preset.openRounds * OPEN_PERCENTS.length;
  const slotMs = Math.max(loadMs / slots, MIN_WINDOW_MS / (1 - WARMUP_SHARE));
  const warmupMs = Math.min(MAX_WARMUP_MS, slotMs * WARMUP_SHARE);
  const startMs = (1 + WARM_REQUESTS) * (PAUSE_MS + warmMs);
  const fitting = Math.floor((workMs - loadMs) / passes / startMs);
  const kept = Math.max(FEW_COPIES, Math.floor(HOST_LIMITS.codeMemoryBytes / Math.max(1, artifactBytes)));
  const fewest = warmMs > SLOW_MS ? FEW_COPIES : MIN_COPIES;
  const inside = Math.floor(INSIDE_MS / (PAUSE_MS + warmMs));
  return {
    ...preset,
    parts,
    levels,
    warmupMs,
    windowMs: slotMs - warmupMs,
    requestMs: warmMs,
    insideRequests: Math.min(preset.insideRequests, Math.max(MIN_INSIDE, inside)),
    copies: Math.min(Math.max(fewest, fitting), MAX_COPIES, kept),
    pauseMs: PAUSE_MS,
  };
}

/** What a run takes beside load and starts. */
function restMs(preset: (typeof PRESETS)[keyof typeof PRESETS], parts: readonly BenchPart[]): number {
  const { coldPasses, newCells, idleCopies, firstWarmupMs, settleMs } = preset;
  const withStarts = parts.includes('starts');
  const withIdle = parts.includes('idle');
  const startHosts = withStarts ? 1 + coldPasses * COLD_KINDS : 0;
  // The function is tried out on one of its own, which is also that of the load.
  const hosts = 1 + startHosts + (withIdle ? IDLE_HOSTS : 0);
  return (
    hosts * HOST_MS +
    (hosts + (withStarts ? newCells : 0)) * settleMs +
    (withIdle ? idleCopies * DEPLOY_MS : 0) +
    (parts.includes('load') ? 2 * firstWarmupMs : 0)
  );
}

/** The levels at which the function's own limits refuse no request. */
function levelsFor({ limits, payloadBytes, transport }: PlanOptions): readonly number[] {
  const { backlogBytes, backlogPayloads } = HOST_LIMITS;
  const backlog = Math.max(backlogBytes, backlogPayloads * limits.payloadBytes);
  return levelsOver(transport).filter(
    (level) => level <= limits.concurrency + limits.queue && level * payloadBytes <= backlog,
  );
}
