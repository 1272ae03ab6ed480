import type { Plan, Tier } from './plan.ts';
import { CELL_LOADS } from './tiers/cells-rows.ts';
import { COLD_KINDS } from './tiers/cold-kinds.ts';
import { wakesOf } from './tiers/cold-pass.ts';
import { passesOf, sitesOf } from './tiers/cold-plan.ts';
import { BESIDE_MS, NEIGHBOURS } from './tiers/fairness-rows.ts';
import { targetsOf } from './tiers/load-plan.ts';
import { OBSERVATION_SUBJECTS, OBSERVED_SITES } from './tiers/observation-rows.ts';
import { openCurvesOf } from './tiers/open-loop-plan.ts';

/**
 * How long each part of a run takes on two cores that have nothing else to do, in seconds. The constants are what the
 * steps were seen to take.
 */
const SECONDS = {
  site: 0.7,
  /** Start and stop. */
  host: 2.2,
  generator: 0.4,
  /** Around a window: a connection, the last replies. */
  window: 0.1,
  /** Deploying a function, with an artifact of its own. */
  deploy: 0.07,
  deployModule: 0.7,
  /** A request of a sequence, beside its pause. */
  request: 0.003,
  eviction: 1.5,
  /** From the kill of a cell to the first reply. */
  recovery: 0.5,
  /** Deploying an idle function. */
  deployIdle: 0.009,
  /** Finding a stored function at the start of a host, and letting go of it at the end. */
  restore: 0.0003,
  /** Samples of memory, idle CPU and wakes. */
  densitySamples: 5,
  /** One more cell at the start of a host, and at its end. */
  cell: 0.3,
  /** Memory of a host with some cells, beside what it takes to settle. */
  cellSamples: 0.6,
  isolates: 6,
  peers: { full: 180, quick: 25 },
} as const;

const seconds = (ms: number): number => ms / 1_000;

function loadSeconds(plan: Plan): number {
  const targets = targetsOf(plan);
  const windows = [...targets.values()].reduce((sum, loads) => sum + loads.length, 0);
  const { rounds, warmupMs, windowMs, firstWarmupMs } = plan;
  const warmUp = targets.size * (seconds(firstWarmupMs) + SECONDS.window);
  const closed = rounds * windows * (seconds(warmupMs + windowMs) + SECONDS.window);
  const open = plan.tiers.includes('open-loop') ? openLoopSeconds(plan) : 0;
  return SECONDS.site + SECONDS.host + SECONDS.generator + warmUp + closed + open;
}

function openLoopSeconds(plan: Plan): number {
  return openCurvesOf(plan).reduce((sum, curve) => {
    const around = seconds(plan.warmupMs) + 2 * SECONDS.window;
    const closed = curve.calibrations * (around + seconds(curve.calibrationMs));
    const open = curve.rounds * curve.percents.length * (around + seconds(curve.windowMs));
    // Of the floor and of the function.
    return sum + 2 * (closed + open);
  }, 0);
}

function observationSeconds(plan: Plan): number {
  const { observationRounds, observationWindowMs, firstWarmupMs, warmupMs } = plan;
  const sites = OBSERVED_SITES * (SECONDS.site + SECONDS.host + SECONDS.generator);
  const each = seconds(firstWarmupMs) + observationRounds * seconds(warmupMs + observationWindowMs);
  const windows = 1 + observationRounds;
  return sites + OBSERVATION_SUBJECTS.length * (each + windows * SECONDS.window);
}

function fairnessSeconds(plan: Plan): number {
  const { fairnessRounds, fairnessWindowMs, firstWarmupMs, warmupMs } = plan;
  const besides = NEIGHBOURS.length;
  const window = seconds(BESIDE_MS) + 2 * SECONDS.window;
  const first = besides * (seconds(firstWarmupMs) + window);
  const rounds = fairnessRounds * besides * (seconds(warmupMs + fairnessWindowMs) + window);
  return SECONDS.site + SECONDS.host + 2 * SECONDS.generator + first + rounds;
}

function coldSeconds(plan: Plan): number {
  const deploy = COLD_KINDS.reduce((sum, kind) => {
    const each = kind.params.bundleBytes > 500_000 ? SECONDS.deployModule : SECONDS.deploy;
    return sum + each * wakesOf(kind, plan);
  }, 0);
  const passes = passesOf(plan).reduce((sum, { tier, kinds }) => {
    const functions = kinds.reduce((count, kind) => count + wakesOf(kind, plan), 0);
    const evicting = tier === 'evicted' ? SECONDS.eviction + functions * 3 * SECONDS.request : 0;
    const requests = 3 * functions * (seconds(plan.coldPauseMs) + SECONDS.request);
    return sum + SECONDS.host + SECONDS.generator + seconds(plan.settleMs) + evicting + requests;
  }, 0);
  const recoveries = 2 * (SECONDS.host + plan.freshCells * (seconds(plan.settleMs) + SECONDS.recovery));
  return sitesOf(plan).size * (SECONDS.site + SECONDS.host) + deploy + plan.coldRounds * passes + recoveries;
}

function densitySeconds(plan: Plan): number {
  const started = plan.idleCounts.reduce(
    (sum, count) => sum + SECONDS.host + SECONDS.densitySamples + count * SECONDS.restore,
    0,
  );
  const warm = SECONDS.host + SECONDS.densitySamples + plan.warmFunctions * 2 * SECONDS.request;
  const deploying = 2 * SECONDS.host + SECONDS.densitySamples + plan.deployedFunctions * SECONDS.deployIdle;
  const none = plan.quick ? 0 : SECONDS.densitySamples / 2;
  return SECONDS.site + none + deploying + started + warm;
}

function cellsSeconds(plan: Plan): number {
  const { cellCounts, cellRounds, cellWindowMs, warmupMs, settleMs } = plan;
  const warmUp = seconds(warmupMs) + SECONDS.window;
  const load = cellRounds * CELL_LOADS.length * (warmUp + seconds(cellWindowMs));
  return cellCounts.reduce((sum, count) => {
    const started = SECONDS.host + (count - 1) * SECONDS.cell + seconds(settleMs) + SECONDS.cellSamples;
    return sum + started + count * warmUp + load;
  }, SECONDS.site);
}

function peersSeconds({ quick }: Plan): number {
  return quick ? SECONDS.peers.quick : SECONDS.peers.full;
}

function isolateSeconds({ isolates }: Plan): number {
  return (SECONDS.isolates * isolates) / 100;
}

/** The parts of a run, in their order: each is done when one of its tiers is asked for. */
export const PARTS = {
  load: { tiers: ['floor', 'warm', 'host-call', 'wasm', 'open-loop'], estimate: loadSeconds },
  observation: { tiers: ['observation'], estimate: observationSeconds },
  fairness: { tiers: ['fairness'], estimate: fairnessSeconds },
  cold: { tiers: ['cold'], estimate: coldSeconds },
  peers: { tiers: ['peers'], estimate: peersSeconds },
  density: { tiers: ['density'], estimate: densitySeconds },
  cells: { tiers: ['cells'], estimate: cellsSeconds },
  isolate: { tiers: ['isolate'], estimate: isolateSeconds },
} as const satisfies Readonly<Record<string, Part>>;
export type PartName = keyof typeof PARTS;

interface Part {
  readonly tiers: readonly Tier[];
  readonly estimate: (plan: Plan) => number;
}

/** Those that a plan asks for. */
export function partsOf(plan: Plan): readonly PartName[] {
  return (Object.keys(PARTS) as PartName[]).filter((name) =>
    PARTS[name].tiers.some((tier) => plan.tiers.includes(tier)),
  );
}

export function estimateSeconds(plan: Plan): number {
  return partsOf(plan).reduce((sum, name) => sum + PARTS[name].estimate(plan), 0);
}

/** `12 min 50 s`. */
export function durationText(total: number): string {
  const rounded = Math.round(total);
  const minutes = Math.floor(rounded / 60);
  return minutes === 0 ? `${rounded} s` : `${minutes} min ${rounded % 60} s`;
}
