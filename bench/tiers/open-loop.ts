import { median, type Row } from '../../src/measure/index.ts';
import type { BenchRun } from '../bench-run.ts';
import type { LoadStage } from './load.ts';
import { OPEN_LOOP_LIMITS, type OpenWindow, openLoopRows } from './open-loop-rows.ts';
import type { Responder } from './responders.ts';

/** With so many in flight the closed loop finds the most that a responder does. */
const CLOSED_IN_FLIGHT = 256;
const CALIBRATIONS = 3;

/**
 * Latency against a fixed rate of arrivals, from little to more than the responder can do. The rates are shares of what
 * a closed loop reaches just before; floor and function take turns at each of them.
 */
export async function measureOpenLoop(
  { responders: all, generator }: LoadStage,
  { plan, progress }: BenchRun,
): Promise<readonly Row[]> {
  const { payloadBytes, warmupMs } = plan;
  const responders = all.filter(({ target }) => target === 'echo-floor' || target === 'echo-function');
  const closed = async ({ subject, pids }: Responder, windowMs: number): Promise<number> => {
    const params = { subject, inFlight: CLOSED_IN_FLIGHT, payloadBytes, warmupMs, windowMs };
    return (await generator.call('load', { ...params, pids: await pids() })).perSecond;
  };
  const found = new Map(responders.map((responder): [Responder, number[]] => [responder, []]));
  for (let count = 0; count < CALIBRATIONS; count += 1)
    for (const [responder, rates] of found) rates.push(await closed(responder, plan.openWindowMs));
  const windows: OpenWindow[] = [];
  for (let round = 1; round <= plan.openRounds; round += 1) {
    const ordered = round % 2 === 1 ? responders : responders.toReversed();
    for (const percent of plan.openPercents) {
      for (const responder of ordered) {
        const { target, subject } = responder;
        const most = median(found.get(responder) ?? []);
        const offeredPerSecond = Math.max(1, Math.round((most * percent) / 100));
        const result = await generator.call('openLoad', {
          subject,
          payloadBytes,
          warmupMs,
          windowMs: plan.openWindowMs,
          pids: await responder.pids(),
          perSecond: offeredPerSecond,
          maxOutstanding: OPEN_LOOP_LIMITS.maxOutstanding,
        });
        windows.push({ ...result, round, target, percent, offeredPerSecond, payloadBytes });
        progress(
          `round ${round}/${plan.openRounds}  ${target} at ${percent} %: ${offeredPerSecond}/s offered, ${Math.round(result.perSecond)}/s answered, p99 ${(result.p99Us / 1_000).toFixed(1)} ms`,
        );
      }
    }
  }
  return openLoopRows(windows);
}
