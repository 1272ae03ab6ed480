import { ROW_GROUPS, type Row } from '../src/measure/index.ts';
import { findTestNats } from '../test/support/nats.ts';
import type { BenchRun } from './bench-run.ts';
import { durationText, estimateSeconds, PARTS, type PartName, partsOf } from './estimate.ts';
import { describeMachine } from './machine.ts';
import type { Plan } from './plan.ts';
import type { Progress } from './progress.ts';
import { noteOfFailure } from './report/failed-parts.ts';
import type { BenchResults } from './results.ts';
import { measureCells } from './tiers/cells.ts';
import { measureCold } from './tiers/cold.ts';
import { measureDensity } from './tiers/density.ts';
import { measureFairness } from './tiers/fairness.ts';
import { measureIsolates } from './tiers/isolate.ts';
import { measureLoad } from './tiers/load.ts';
import { measureObservation } from './tiers/observation.ts';
import { measurePeers } from './tiers/peers.ts';

interface Findings {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

const rowsOf =
  (measurePart: (run: BenchRun) => Promise<readonly Row[]>) =>
  async (run: BenchRun): Promise<Findings> => ({ rows: await measurePart(run), notes: [] });

const MEASURE: Readonly<Record<PartName, (run: BenchRun) => Promise<Findings>>> = {
  load: rowsOf(measureLoad),
  observation: rowsOf(measureObservation),
  fairness: rowsOf(measureFairness),
  cold: rowsOf(measureCold),
  peers: measurePeers,
  density: rowsOf(measureDensity),
  cells: rowsOf(measureCells),
  isolate: rowsOf(measureIsolates),
};

export interface Measured {
  readonly results: BenchResults;
  /** Parts that failed, which are noted in the results and have no rows. */
  readonly failed: readonly string[];
}

/** Says how long it will take, and measures. A part that fails is noted and costs none of the others. */
export async function measure(plan: Plan, progress: Progress): Promise<Measured> {
  const startedAt = new Date();
  const startMs = performance.now();
  const machine = describeMachine((await findTestNats()).version);
  progress.done(
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, nats-server ${machine.natsServer}`,
  );
  const parts = partsOf(plan);
  const expected = parts.map((name) => `${name} ${durationText(PARTS[name].estimate(plan))}`);
  progress.done(`about ${durationText(estimateSeconds(plan))} on two idle cores: ${expected.join(', ')}`);
  const rows: Row[] = [];
  const notes: string[] = [];
  const failed: string[] = [];
  for (const [index, name] of parts.entries()) {
    const run: BenchRun = {
      plan,
      progress: (text) => progress.update(`${index + 1}/${parts.length} ${name}: ${text}`),
    };
    try {
      const found = await MEASURE[name](run);
      rows.push(...found.rows);
      notes.push(...found.notes);
      progress.done(`${name}: ${found.rows.length} rows`);
    } catch (error) {
      console.error(error);
      failed.push(name);
      notes.push(noteOfFailure(name, error));
    }
  }
  const results: BenchResults = {
    format: 2,
    startedAt: startedAt.toISOString(),
    durationSeconds: (performance.now() - startMs) / 1_000,
    machine,
    plan,
    rows: rows.toSorted((a, b) => ROW_GROUPS.indexOf(a.group) - ROW_GROUPS.indexOf(b.group)),
    notes,
  };
  return { results, failed };
}
