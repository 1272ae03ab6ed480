import type { Row } from '../../measure/index.ts';
import type { JudgedBudget } from './budgets.ts';
import type { Noise } from './noise.ts';
import type { BenchPlan } from './plan.ts';
import type { Stray } from './strays.ts';

/** What a run found; the JSON of `bench --json`. */
export interface BenchResult {
  readonly name: string;
  readonly file: string;
  readonly namespace: string;
  readonly subject: string;
  readonly payloadBytes: number;
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly platform: string;
  };
  readonly versions: Readonly<Record<string, string>>;
  readonly plan: BenchPlan;
  /** Null where no load was measured. */
  readonly noise: Noise | null;
  /** Errors that a busy machine explains, which were few enough to be let pass. */
  readonly strays: readonly Stray[];
  readonly rows: readonly Row[];
  readonly budgets: readonly JudgedBudget[];
  readonly notes: readonly string[];
}
