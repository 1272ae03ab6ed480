import type { ClosedLoop } from './closed-loop.ts';
import { cpuBetween, type LoadCpu, type LoadPids, sampleCpu } from './cpu-window.ts';
import { Histogram } from './histogram.ts';
import { sleep } from './sleep.ts';

/** What a window of load came to. */
export interface LoadWindow {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** Replies that were not the expected ones. */
  readonly wrong: number;
  /** The beginning of the first of them. */
  readonly firstWrong: string | null;
  /** Requests without a reply when all was over. */
  readonly lost: number;
  /** Null where the system does not say. */
  readonly cpu: LoadCpu | null;
}

export interface WindowOptions {
  /** Load that is not counted, at first. */
  readonly warmupMs: number;
  readonly windowMs: number;
  /** How long what is under way at the end is waited for. */
  readonly drainMs: number;
  readonly pids: LoadPids;
}

/** Lets `loop` warm up, counts for a while, and stops it. This process is the generator of the load. */
export async function measureWindow(
  loop: ClosedLoop,
  { warmupMs, windowMs, drainMs, pids }: WindowOptions,
): Promise<LoadWindow> {
  const histogram = new Histogram();
  await sleep(warmupMs);
  const cpuBefore = sampleCpu(pids);
  const startedMs = performance.now();
  loop.recordInto(histogram);
  await sleep(windowMs);
  const seconds = (performance.now() - startedMs) / 1_000;
  loop.recordInto(undefined);
  const cpu = cpuBetween(cpuBefore, sampleCpu(pids), seconds);
  await loop.stop(drainMs);
  return {
    requests: histogram.count,
    seconds,
    perSecond: histogram.count / seconds,
    p50Us: histogram.percentile(0.5),
    p95Us: histogram.percentile(0.95),
    p99Us: histogram.percentile(0.99),
    maxUs: histogram.max,
    wrong: loop.wrong,
    firstWrong: loop.firstWrong ?? null,
    lost: loop.outstanding,
    cpu,
  };
}
