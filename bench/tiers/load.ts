import type { Row } from '../../src/measure/index.ts';
import { type BenchRun, type GeneratorChild, openSite } from '../bench-run.ts';
import type { Load } from '../plan.ts';
import { LARGE_BYTES, LARGE_WINDOW_MS, targetsOf, warmUpLoadOf } from './load-plan.ts';
import { loadRows, type TargetWindow } from './load-rows.ts';
import { measureOpenLoop } from './open-loop.ts';
import { type Responder, startResponders } from './responders.ts';

/** All that answer, warmed up, and who asks them. */
export interface LoadStage {
  readonly responders: readonly Responder[];
  readonly generator: GeneratorChild;
}

/** The closed loops and then the open one, with the same responders. */
export async function measureLoad(run: BenchRun): Promise<readonly Row[]> {
  const { plan, progress } = run;
  const { payloadBytes } = plan;
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await openSite());
  const targets = new Set(targetsOf(plan).keys());
  const responders = await startResponders({ site, targets, payloadBytes }, stack);
  const generator = stack.use(await site.startGenerator(payloadBytes));
  const stage: LoadStage = { responders, generator };
  for (const responder of responders) {
    progress(`warming up ${responder.target}`);
    await measureOne(stage, responder, warmUpLoadOf(responder.target), 0, plan.firstWarmupMs);
  }
  const closed = await measureClosedLoops(stage, run);
  return plan.tiers.includes('open-loop') ? [...closed, ...(await measureOpenLoop(stage, run))] : closed;
}

/** Floors and functions side by side: in each round every target once at each load, the order turned every round. */
async function measureClosedLoops(stage: LoadStage, { plan, progress }: BenchRun): Promise<readonly Row[]> {
  const targets = targetsOf(plan);
  const loads = [...new Map([...targets.values()].flat().map((load) => [keyOf(load), load])).values()];
  const windows: TargetWindow[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    const ordered = round % 2 === 1 ? stage.responders : stage.responders.toReversed();
    for (const load of loads) {
      for (const responder of ordered) {
        const { target } = responder;
        if (targets.get(target)?.some((one) => keyOf(one) === keyOf(load)) !== true) continue;
        const windowMs =
          load.payloadBytes < LARGE_BYTES ? plan.windowMs : Math.max(plan.windowMs, LARGE_WINDOW_MS);
        const result = await measureOne(stage, responder, load, plan.warmupMs, windowMs);
        windows.push({ ...load, round, target, ...result });
        progress(
          `round ${round}/${plan.rounds}  ${target} × ${keyOf(load)}: ${Math.round(result.perSecond)}/s, p50 ${Math.round(result.p50Us)} µs`,
        );
      }
    }
  }
  return loadRows(windows);
}

async function measureOne(
  { generator }: LoadStage,
  { subject, pids }: Responder,
  load: Load,
  warmupMs: number,
  windowMs: number,
) {
  return await generator.call('load', { ...load, subject, warmupMs, windowMs, pids: await pids() });
}

function keyOf({ inFlight, payloadBytes }: Load): string {
  return `${inFlight}, ${payloadBytes} B`;
}
