import { HairspringError } from '../../core/index.ts';
import type { OpenLoadWindow, Row } from '../../measure/index.ts';
import type { BenchRun, Stage } from './bench-run.ts';
import { type MeasuredLoad, responderPids } from './measure-load.ts';
import { type OpenRound, openRows } from './open-rows.ts';
import { targetOfTrigger } from './targets.ts';
import { OPEN_PERCENTS } from './tiers.ts';
import { openWindow, unlessTooMany } from './windows.ts';

/** Shorter windows show how a schedule begins rather than how it goes on. */
const MIN_WARMUP_MS = 100;
const MIN_WINDOW_MS = 250;

/** Latency at fixed rates of arrivals, from a share of what the function answers at most to more than that. */
export async function measureOpen(
  run: BenchRun,
  stage: Stage,
  { mostPerSecond, highestLevel }: Pick<MeasuredLoad, 'mostPerSecond' | 'highestLevel'>,
): Promise<readonly Row[]> {
  const { plan, progress } = run;
  const responder = (): Promise<readonly number[]> => responderPids(run, stage);
  const target = targetOfTrigger(run, stage);
  const take = (perSecond: number): Promise<OpenLoadWindow | HairspringError> =>
    unlessTooMany(() =>
      openWindow(run, stage, {
        target,
        responder,
        perSecond,
        maxOutstanding: highestLevel,
        warmupMs: Math.max(MIN_WARMUP_MS, plan.warmupMs, 2 * plan.requestMs),
        windowMs: Math.max(MIN_WINDOW_MS, plan.windowMs, 2 * plan.requestMs),
      }),
    );
  const rateOf = (percent: number): number => Math.max(1, Math.round((mostPerSecond * percent) / 100));
  // Not counted: the code of the sender is not compiled yet.
  await take(rateOf(OPEN_PERCENTS[0]));
  const rounds: OpenRound[] = [];
  for (let round = 1; round <= plan.openRounds; round += 1) {
    for (const percent of OPEN_PERCENTS) {
      const perSecond = rateOf(percent);
      progress(`fixed rates, round ${round} of ${plan.openRounds}: ${perSecond.toLocaleString('en')}/s`);
      const window = await take(perSecond);
      if (window instanceof HairspringError) rounds.push({ round, percent, perSecond, refused: window.code });
      else rounds.push({ round, percent, perSecond, window });
    }
  }
  return openRows(rounds, highestLevel);
}
