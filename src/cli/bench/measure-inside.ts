import { askInTurn } from './ask-in-turn.ts';
import type { BenchRun, Stage } from './bench-run.ts';
import { watchInside } from './inside.ts';
import { targetOfTrigger } from './targets.ts';

/** So that events come slower than a tap is given at most. */
const PAUSE_MS = 3;

/** What the node takes from acceptance to reply, of warm requests one after the other. */
export async function measureInside(run: BenchRun, stage: Stage): Promise<readonly number[]> {
  const { plan, prepared, progress } = run;
  progress("taking the node's own times");
  await using inside = await watchInside(stage.connection);
  const targets = Array.from({ length: plan.insideRequests }, () => targetOfTrigger(run, stage));
  await askInTurn(run, stage, { targets, pauseMs: PAUSE_MS });
  const events = (await inside.take(targets.length)).get(prepared.manifest.name) ?? [];
  return events
    .filter(({ coldMs, status }) => coldMs === undefined && status === 'ok')
    .map(({ durationMs }) => durationMs);
}
