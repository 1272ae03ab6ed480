import type { IsolateFigures } from './isolate-process.ts';
import type { LoadResult } from './load-generator.ts';
import type { Plan } from './plan.ts';

/** Who answers in a load window. */
export type Target =
  | 'echo-floor'
  | 'echo-function'
  | 'bridge-call'
  | 'digest-call'
  | 'kv-floor'
  | 'kv-function'
  | 'wasm-command'
  | 'wasm-reactor'
  | 'wasm-component'
  | 'wasi-node';

export interface LoadWindow extends LoadResult {
  readonly round: number;
  readonly target: Target;
  readonly inFlight: number;
}

/** The large functions are a script with a library in it, and a module of 2.9 MB; the others have the size that people write. */
export const COLD_TIERS = [
  'pooled-isolate',
  'pooled-isolate-large',
  'fresh-isolate',
  'pooled-wasm',
  'pooled-wasm-large',
] as const;
export type ColdTier = (typeof COLD_TIERS)[number];

/** One pass over all functions of the cold tiers, each of them idle before. */
export interface ColdRun {
  readonly round: number;
  readonly tier: ColdTier;
  /** First request to each function. */
  readonly coldMs: readonly number[];
  /** Second and third request to each, at the same pace. */
  readonly warmMs: readonly number[];
}

/** From the kill of a cell to the first good reply of the next one. */
export interface CellRun {
  readonly tier: 'spare-cell' | 'fresh-cell';
  readonly recoverMs: readonly number[];
}

/** Memory of the host and all its cells together at one moment. */
export interface MemorySample {
  readonly when: string;
  readonly functions: number;
  readonly processes: number;
  readonly rssBytes: number;
}

export interface Density {
  readonly samples: readonly MemorySample[];
  readonly functions: number;
  /** RSS with all functions over RSS with one, both right after a start of the host. */
  readonly extraRssBytes: number;
  /** From the fork of the host process until it serves all of them. */
  readonly startMs: number;
  readonly startWithOneMs: number;
  readonly deployMs: number;
}

/** What ran where. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  readonly v8: string;
  readonly isolatedVm: string;
  readonly natsServer: string;
  readonly natsClient: string;
  readonly hairspring: string;
  readonly commit: string;
}

/** All raw figures of one run; what is printed is worked out from them. */
export interface BenchResults {
  readonly format: 1;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly machine: Machine;
  readonly plan: Plan;
  readonly windows: readonly LoadWindow[];
  readonly coldRuns: readonly ColdRun[];
  readonly cellRuns: readonly CellRun[];
  readonly density: Density | null;
  readonly isolates: IsolateFigures | null;
}
