import type { LoadWindow, Row, Target } from '../../measure/index.ts';
import { type BenchRun, badReplies, type Stage } from './bench-run.ts';
import { startFloor } from './floor.ts';
import { watchInside } from './inside.ts';
import { loadRows, type RoundWindow } from './load-rows.ts';
import { targetOfTrigger } from './targets.ts';

/** So that events come slower than a tap is given at most. */
const INSIDE_PAUSE_MS = 3;

/**
 * The function and a bare responder of the same payload side by side: in each round both at each level, their order
 * turned every round.
 * @throws the code of the first error reply
 */
export async function measureLoad(run: BenchRun, stage: Stage): Promise<readonly Row[]> {
  const { plan, progress, request, unlessOver } = run;
  await using floor = await startFloor(run, stage);
  const measurers = {
    floor: (inFlight: number, warmupMs: number, windowMs: number) =>
      measure(run, stage, { target: floor.target, inFlight, warmupMs, windowMs, responder: [floor.pid] }),
    function: async (inFlight: number, warmupMs: number, windowMs: number) => {
      const responder = [stage.host.pid, ...(await unlessOver(stage.host.cellPids()))];
      const target = targetOfTrigger(run, stage);
      return await measure(run, stage, { target, inFlight, warmupMs, windowMs, responder });
    },
  };
  const highest = plan.levels.at(-1) ?? 1;
  progress('warming up');
  for (const subject of ['floor', 'function'] as const)
    await measurers[subject](highest, 0, plan.firstWarmupMs);
  const windows: RoundWindow[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    const order = round % 2 === 1 ? (['floor', 'function'] as const) : (['function', 'floor'] as const);
    for (const inFlight of plan.levels) {
      for (const subject of order) {
        const window = await measurers[subject](inFlight, plan.warmupMs, plan.windowMs);
        windows.push({ ...window, subject, inFlight, round });
        const rate = Math.round(window.perSecond).toLocaleString('en');
        progress(`round ${round} of ${plan.rounds}: ${subject}, ${inFlight} in flight, ${rate}/s`);
      }
    }
  }
  progress("taking the node's own times");
  return loadRows(windows, await measureInside(run, stage), request.to.transport);
}

interface WindowParams {
  readonly target: Target;
  readonly inFlight: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly responder: readonly number[];
}

async function measure(
  { site, unlessOver, prepared }: BenchRun,
  { generator }: Stage,
  { responder, ...params }: WindowParams,
): Promise<LoadWindow> {
  const pids = { server: [site.server.pid], responder };
  const window = await unlessOver(generator.call('load', { ...params, pids }));
  const { wrong, lost, requests, firstWrong, wrongCode } = window;
  if (wrong + lost > 0)
    throw badReplies(prepared.manifest.name, {
      where: `at ${params.inFlight} in flight`,
      count: wrong + lost,
      of: Math.max(requests, wrong) + lost,
      code: wrongCode ?? undefined,
      text: firstWrong ?? '',
    });
  return window;
}

/** What the node takes from acceptance to reply, of requests one after the other. */
async function measureInside(run: BenchRun, stage: Stage): Promise<readonly number[]> {
  const { plan, prepared, unlessOver } = run;
  const { name } = prepared.manifest;
  await using inside = await watchInside(stage.connection);
  const targets = Array.from({ length: plan.insideRequests }, () => targetOfTrigger(run, stage));
  await unlessOver(stage.generator.call('sequence', { targets, pauseMs: INSIDE_PAUSE_MS }));
  const events = (await inside.take(targets.length)).get(name) ?? [];
  return events.filter(({ coldMs }) => coldMs === undefined).map(({ durationMs }) => durationMs);
}
