import { median, percentile, spread } from '../../src/measure/index.ts';
import {
  type BenchResults,
  type CellRun,
  COLD_TIERS,
  type ColdTier,
  type LoadWindow,
  type Target,
} from '../results.ts';
import { judge, type Verdict } from './bars.ts';

/** The medians over all rounds of one target at one load. */
export interface LoadSummary {
  readonly target: Target;
  readonly inFlight: number;
  readonly perSecond: number;
  /** (highest − lowest) / median of the rounds. */
  readonly spread: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU of responder or host and cells; NaN where it cannot be read. */
  readonly responderCpuUs: number;
  readonly generatorCores: number;
  readonly serverCores: number;
  readonly responderCores: number;
  /** In the worst round. */
  readonly othersCores: number;
  /** Throughput over that of the floor of the same round; undefined for floors. */
  readonly ratio: number | undefined;
  readonly wrong: number;
  readonly firstWrong: string | undefined;
  readonly lost: number;
}

export interface ColdSummary {
  readonly tier: ColdTier | CellRun['tier'];
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Second and third requests; undefined where there are none. */
  readonly warmP50Ms: number | undefined;
  readonly overWarmMs: number | undefined;
}

export interface Summary {
  readonly load: readonly LoadSummary[];
  readonly cold: readonly ColdSummary[];
  readonly verdicts: readonly Verdict[];
}

const FLOOR_OF: Partial<Record<Target, Target>> = {
  'echo-function': 'echo-floor',
  'bridge-call': 'echo-floor',
  'digest-call': 'echo-floor',
  'kv-function': 'kv-floor',
  'wasm-command': 'echo-floor',
  'wasm-reactor': 'echo-floor',
  'wasm-component': 'echo-floor',
  'wasi-node': 'echo-floor',
};

/** Works out of the raw figures what is printed. */
export function summarize(results: BenchResults): Summary {
  const load = [...Map.groupBy(results.windows, ({ target, inFlight }) => `${target} ${inFlight}`).values()]
    .map((windows) => summarizeLoad(windows, results.windows))
    .filter((summary) => summary !== undefined)
    .sort((a, b) => a.inFlight - b.inFlight || order(a.target) - order(b.target));
  const cold = [...summarizeIsolates(results), ...summarizeCells(results)];
  return { load, cold, verdicts: findVerdicts(load, cold, results) };
}

const ORDER: readonly Target[] = [
  'echo-floor',
  'echo-function',
  'bridge-call',
  'digest-call',
  'kv-floor',
  'kv-function',
  'wasm-command',
  'wasm-reactor',
  'wasm-component',
  'wasi-node',
];

function order(target: Target): number {
  return ORDER.indexOf(target);
}

function summarizeLoad(windows: readonly LoadWindow[], all: readonly LoadWindow[]): LoadSummary | undefined {
  const [first] = windows;
  if (first === undefined) return undefined;
  const { target, inFlight } = first;
  const over = (value: (window: LoadWindow) => number): number => median(windows.map(value));
  const floor = FLOOR_OF[target];
  const ratios = windows.flatMap((window) => {
    const base = all.find(
      (other) => other.target === floor && other.inFlight === inFlight && other.round === window.round,
    );
    return base === undefined ? [] : [window.perSecond / base.perSecond];
  });
  return {
    target,
    inFlight,
    perSecond: over(({ perSecond }) => perSecond),
    spread: spread(windows.map(({ perSecond }) => perSecond)),
    p50Us: over(({ p50Us }) => p50Us),
    p99Us: over(({ p99Us }) => p99Us),
    responderCpuUs: over(({ cpu, perSecond }) => (1e6 * (cpu?.responder ?? Number.NaN)) / perSecond),
    generatorCores: over(({ cpu }) => cpu?.generator ?? Number.NaN),
    serverCores: over(({ cpu }) => cpu?.server ?? Number.NaN),
    responderCores: over(({ cpu }) => cpu?.responder ?? Number.NaN),
    othersCores: Math.max(...windows.map(({ cpu }) => cpu?.others ?? Number.NaN)),
    ratio: ratios.length === 0 ? undefined : median(ratios),
    wrong: windows.reduce((sum, { wrong }) => sum + wrong, 0),
    firstWrong: windows.find(({ firstWrong }) => firstWrong !== null)?.firstWrong ?? undefined,
    lost: windows.reduce((sum, { lost }) => sum + lost, 0),
  };
}

function summarizeIsolates({ coldRuns }: BenchResults): readonly ColdSummary[] {
  return COLD_TIERS.flatMap((tier) => {
    const runs = coldRuns.filter((run) => run.tier === tier);
    if (runs.length === 0) return [];
    const cold = runs.flatMap(({ coldMs }) => coldMs);
    const p50Ms = median(cold);
    const warmP50Ms = median(runs.flatMap(({ warmMs }) => warmMs));
    return [
      {
        tier,
        count: cold.length,
        p50Ms,
        p99Ms: percentile(cold, 0.99),
        warmP50Ms,
        overWarmMs: p50Ms - warmP50Ms,
      },
    ];
  });
}

function summarizeCells({ cellRuns }: BenchResults): readonly ColdSummary[] {
  return cellRuns.map(({ tier, recoverMs }) => ({
    tier,
    count: recoverMs.length,
    p50Ms: median(recoverMs),
    p99Ms: percentile(recoverMs, 0.99),
    warmP50Ms: undefined,
    overWarmMs: undefined,
  }));
}

/** Of the p50s, in milliseconds. */
function difference(one: LoadSummary | undefined, floor: LoadSummary | undefined): number | undefined {
  return one === undefined || floor === undefined ? undefined : (one.p50Us - floor.p50Us) / 1_000;
}

function findVerdicts(
  load: readonly LoadSummary[],
  cold: readonly ColdSummary[],
  { density, isolates }: BenchResults,
): readonly Verdict[] {
  const at = (target: Target, inFlight: number): LoadSummary | undefined =>
    load.find((summary) => summary.target === target && summary.inFlight === inFlight);
  const ratioOf = (target: Target): number | undefined => at(target, 256)?.ratio;
  const values = [
    ['warmRatio', ratioOf('echo-function')],
    ['hostCallRatio', ratioOf('bridge-call')],
    ['kvRatio', at('kv-function', 64)?.ratio],
    ['kvAddsMs', difference(at('kv-function', 1), at('kv-floor', 1))],
    ['wasmCommandRatio', ratioOf('wasm-command')],
    ['wasmReactorRatio', ratioOf('wasm-reactor')],
    ['wasmComponentRatio', ratioOf('wasm-component')],
    ['pooledColdMs', cold.find(({ tier }) => tier === 'pooled-isolate')?.overWarmMs],
    ['pooledColdLargeMs', cold.find(({ tier }) => tier === 'pooled-isolate-large')?.overWarmMs],
    ['pooledColdWasmMs', cold.find(({ tier }) => tier === 'pooled-wasm-large')?.overWarmMs],
    ['isolateMegabytes', isolates === null ? undefined : isolates.rssBytes / 1e6],
    ['idleMegabytes', density === null ? undefined : density.extraRssBytes / 1e6],
    ['startMs', density?.startMs],
  ] as const;
  return values.flatMap(([bar, value]) => (value === undefined ? [] : [judge(bar, value)]));
}
