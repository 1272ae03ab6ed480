import { median, type Row } from '../../src/measure/index.ts';
import type { BenchRun } from '../bench-run.ts';
import type { LoadStage } from './load.ts';
import { type OpenCurve, openCurvesOf } from './open-loop-plan.ts';
import { type OpenWindow, openLoopRows } from './open-loop-rows.ts';
import type { Responder } from './responders.ts';

/**
 * Latency against a fixed rate of arrivals, from little to more than the responder can do. The rates are shares of what
 * a closed loop reaches just before; floor and function take turns at each of them.
 */
export async function measureOpenLoop(stage: LoadStage, run: BenchRun): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const curve of openCurvesOf(run.plan))
    rows.push(...openLoopRows(await measureCurve(stage, curve, run)));
  return rows;
}

async function measureCurve(
  { responders: all, generator }: LoadStage,
  { closed, calibrations, calibrationMs, maxOutstanding, percents, rounds, windowMs }: OpenCurve,
  { plan: { warmupMs }, progress }: BenchRun,
): Promise<readonly OpenWindow[]> {
  const { payloadBytes } = closed;
  const responders = all.filter(({ target }) => target === 'echo-floor' || target === 'echo-function');
  const found = new Map(responders.map((responder): [Responder, number[]] => [responder, []]));
  for (let count = 0; count < calibrations; count += 1)
    for (const [{ subject, pids }, rates] of found) {
      const params = { ...closed, subject, warmupMs, windowMs: calibrationMs, pids: await pids() };
      rates.push((await generator.call('load', params)).perSecond);
    }
  const windows: OpenWindow[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const ordered = round % 2 === 1 ? responders : responders.toReversed();
    for (const percent of percents) {
      for (const responder of ordered) {
        const { target, subject } = responder;
        const most = median(found.get(responder) ?? []);
        const offeredPerSecond = Math.max(1, Math.round((most * percent) / 100));
        const result = await generator.call('openLoad', {
          subject,
          payloadBytes,
          warmupMs,
          windowMs,
          pids: await responder.pids(),
          perSecond: offeredPerSecond,
          maxOutstanding,
        });
        windows.push({ ...result, round, target, percent, offeredPerSecond, payloadBytes, maxOutstanding });
        progress(
          `round ${round}/${rounds}  ${target} at ${percent} %, ${payloadBytes} B: ${offeredPerSecond}/s offered, ${Math.round(result.perSecond)}/s answered, p99 ${(result.p99Us / 1_000).toFixed(1)} ms`,
        );
      }
    }
  }
  return windows;
}
