import { cpuBetween, type LoadCpu, type LoadPids, sampleCpu } from './cpu-window.ts';
import { Histogram } from './histogram.ts';
import { sleep } from './sleep.ts';
import type { Tally } from './tally.ts';

/** From a request to its reply. */
export interface Latencies {
  readonly p50Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** What a window of load came to. */
export interface LoadWindow extends Latencies {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Replies that were not the expected ones. */
  readonly wrong: number;
  /** The beginning of the first of them. */
  readonly firstWrong: string | null;
  /** Requests without a reply when all was over. */
  readonly lost: number;
  /** Null where the system does not say. */
  readonly cpu: LoadCpu | null;
}

/** Requests that are kept under way. */
export interface Loop {
  readonly tally: Tally;
  /** Sends no more and waits for what is under way, for at most `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
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
  loop: Loop,
  { warmupMs, windowMs, drainMs, pids }: WindowOptions,
): Promise<LoadWindow> {
  const { tally } = loop;
  const histogram = new Histogram();
  await sleep(warmupMs);
  const cpuBefore = sampleCpu(pids);
  const startedMs = performance.now();
  tally.recordInto(histogram);
  await sleep(windowMs);
  const seconds = (performance.now() - startedMs) / 1_000;
  tally.recordInto(undefined);
  const cpu = cpuBetween(cpuBefore, sampleCpu(pids), seconds);
  await loop.stop(drainMs);
  return {
    requests: histogram.count,
    seconds,
    perSecond: histogram.count / seconds,
    ...latenciesOf(histogram),
    wrong: tally.wrong,
    firstWrong: tally.firstWrong ?? null,
    lost: tally.outstanding,
    cpu,
  };
}

export function latenciesOf(histogram: Histogram): Latencies {
  return {
    p50Us: histogram.percentile(0.5),
    p95Us: histogram.percentile(0.95),
    p99Us: histogram.percentile(0.99),
    maxUs: histogram.max,
  };
}
