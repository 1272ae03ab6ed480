import { systemClock } from '../../core/index.ts';
import type { Row } from '../../measure/index.ts';
import { type BenchRun, openStage, type Stage } from './bench-run.ts';
import { deployIdleCopies } from './copies.ts';
import { settingsFor, UNCOUNTED } from './measure-starts.ts';
import { nodeRssBytes } from './node-memory.ts';
import { idleRow } from './start-rows.ts';

/**
 * Deploys copies that nobody calls, and looks at what a node holds that has just started with them.
 * @param restingBytes of nodes without them, where starts were measured; else one is looked at here
 */
export async function measureIdle(run: BenchRun, restingBytes: readonly number[]): Promise<readonly Row[]> {
  const { plan, prepared, progress, unlessOver } = run;
  const settings = settingsFor('pooled-isolate', plan.copies);
  const [after, count] = [UNCOUNTED + plan.copies, plan.idleCopies];
  const without = [...restingBytes];
  progress(`deploying ${count} copies to stay idle`);
  {
    await using stage = await openStage(run, settings);
    if (without.length === 0) without.push(...(await settledBytes(run, stage)));
    await unlessOver(deployIdleCopies(stage.connection, prepared, stage.host.nodeId, { after, count }));
  }
  progress('memory of idle functions');
  await using stage = await openStage(run, settings);
  const [withIdle] = await settledBytes(run, stage);
  return idleRow(count, without, withIdle);
}

/** None where the system does not say. */
async function settledBytes(run: BenchRun, stage: Stage): Promise<readonly number[]> {
  await run.unlessOver(systemClock.sleep(run.plan.settleMs));
  const bytes = await nodeRssBytes(run, stage);
  return bytes === undefined ? [] : [bytes];
}
