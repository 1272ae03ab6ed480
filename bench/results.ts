import type { Row } from '../src/measure/index.ts';
import type { Plan } from './plan.ts';

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

/** All figures of one run; what is printed, drawn and compared is worked out from them. */
export interface BenchResults {
  readonly format: 2;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly machine: Machine;
  readonly plan: Plan;
  readonly rows: readonly Row[];
  /** What concerns the whole run. */
  readonly notes: readonly string[];
}
