import { setTimeout as sleep } from 'node:timers/promises';
import {
  cpuSeconds,
  type Metric,
  makeMetric,
  makeRow,
  median,
  type Row,
  rssBytes,
  sumOver,
} from '../../src/measure/index.ts';
import type { HostChild } from '../bench-run.ts';
import { latencyMetrics } from './latency.ts';

/** Memory of the host and all its cells together at one moment. */
export interface MemorySample {
  readonly processes: number;
  readonly rssBytes: number;
}

/** Of a host that was started with idle functions. */
export interface StartFigures {
  readonly startMs: number;
  readonly memory: MemorySample;
  /** What host and cells take of the processors while nothing is asked of them. */
  readonly idleCores: number | undefined;
  /** First requests to some of the functions. */
  readonly wakeMs: readonly number[];
}

const SAMPLES = 5;
const SAMPLE_GAP_MS = 100;
const IDLE_MS = 1_500;

export async function pidsOf(host: HostChild): Promise<readonly number[]> {
  return [host.pid, ...(await host.call('cellPids', null))];
}

export async function sampleMemory(host: HostChild, settleMs: number): Promise<MemorySample> {
  await sleep(settleMs);
  const totals: number[] = [];
  let processes = 0;
  for (let count = 0; count < SAMPLES; count += 1) {
    const pids = await pidsOf(host);
    processes = pids.length;
    totals.push(sumOver(pids, rssBytes) ?? Number.NaN);
    await sleep(SAMPLE_GAP_MS);
  }
  return { processes, rssBytes: median(totals) };
}

export async function sampleIdleCores(host: HostChild): Promise<number | undefined> {
  const pids = await pidsOf(host);
  const before = sumOver(pids, cpuSeconds);
  const startedAt = performance.now();
  await sleep(IDLE_MS);
  const after = sumOver(pids, cpuSeconds);
  if (before === undefined || after === undefined) return undefined;
  return (1_000 * (after - before)) / (performance.now() - startedAt);
}

export function densityRow(
  subject: string,
  title: string,
  functions: number,
  { processes, rssBytes: bytes }: MemorySample,
  metrics: readonly Metric[],
  n = 1,
): Row {
  return makeRow({
    group: 'density',
    subject,
    title,
    params: { functions },
    n,
    metrics: [
      makeMetric('processes', 'count', undefined, [processes]),
      makeMetric('rssBytes', 'bytes', 'lower', [bytes]),
      ...metrics,
    ],
  });
}

/** @param one the same host with one function, so that both have a cell in use */
export function startedRow(functions: number, figures: StartFigures, one: MemorySample): Row {
  const { startMs, memory, idleCores, wakeMs } = figures;
  const extraBytes = memory.rssBytes - one.rssBytes;
  const title = `started with ${functions.toLocaleString('en-US')} functions`;
  const metrics = [
    makeMetric('startMs', 'ms', 'lower', [startMs]),
    makeMetric('extraRssBytes', 'bytes', 'lower', [extraBytes]),
    makeMetric('bytesPerFunction', 'bytes', 'lower', [extraBytes / Math.max(1, functions - 1)]),
    ...latencyMetrics([wakeMs], 'wake'),
    ...(idleCores === undefined ? [] : [makeMetric('coresIdle', 'cores', undefined, [idleCores])]),
  ];
  return densityRow('started', title, functions, memory, metrics, Math.max(1, wakeMs.length));
}
