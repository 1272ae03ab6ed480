import { setTimeout as sleep } from 'node:timers/promises';
import { median, rssBytes, sumOver } from '../../src/measure/index.ts';
import { type BenchRun, type HostChild, openSite, type Site } from '../bench-run.ts';
import { deployCopies } from '../deploy.ts';
import type { Density, MemorySample } from '../results.ts';

const DEPLOY_AT_ONCE = 8;
const SAMPLES = 5;
const SAMPLE_GAP_MS = 200;

const idleFunction = (index: number): { name: string; subject: string } => ({
  name: `idle-${index}`,
  subject: `bench.idle.${index}`,
});

/** What functions cost that are deployed and never called: memory of the host with all its cells, and start time. */
export async function measureDensity({ plan, progress }: BenchRun): Promise<Density> {
  await using site = await openSite();
  const samples: MemorySample[] = [];
  const record = async (host: HostChild, when: string, functions: number): Promise<number> => {
    const sample = await sampleMemory(host, plan.settleMs);
    samples.push({ when, functions, ...sample });
    progress(`${when}: ${sample.processes} processes, ${(sample.rssBytes / 1e6).toFixed(1)} MB`);
    return sample.rssBytes;
  };
  let noneBytes: number;
  {
    await using host = await site.startHost({});
    noneBytes = await record(host, 'no function', 0);
    await deployCopies(site.nc, 'echo.js', [idleFunction(0)]);
  }
  let startWithOneMs: number;
  let deployMs: number;
  {
    await using host = await site.startHost({});
    startWithOneMs = host.startMs;
    await record(host, 'started with 1 function', 1);
    progress(`deploying ${plan.idleFunctions} functions`);
    const startedAt = performance.now();
    const functions = Array.from({ length: plan.idleFunctions - 1 }, (_, index) => idleFunction(index + 1));
    await deployCopies(site.nc, 'echo.js', functions, { atOnce: DEPLOY_AT_ONCE });
    deployMs = performance.now() - startedAt;
    await record(host, 'just deployed', plan.idleFunctions);
  }
  await using host = await site.startHost({});
  const allBytes = await record(host, `started with ${plan.idleFunctions} functions`, plan.idleFunctions);
  await requireServed(site, plan.payloadBytes, plan.idleFunctions - 1);
  progress(`started with ${plan.idleFunctions} functions in ${Math.round(host.startMs)} ms`);
  return {
    samples,
    functions: plan.idleFunctions,
    extraRssBytes: allBytes - noneBytes,
    startMs: host.startMs,
    startWithOneMs,
    deployMs,
  };
}

async function sampleMemory(
  host: HostChild,
  settleMs: number,
): Promise<Pick<MemorySample, 'processes' | 'rssBytes'>> {
  await sleep(settleMs);
  const totals: number[] = [];
  let processes = 0;
  for (let count = 0; count < SAMPLES; count += 1) {
    const pids = [host.pid, ...(await host.call('cellPids', null))];
    processes = pids.length;
    totals.push(sumOver(pids, rssBytes) ?? Number.NaN);
    await sleep(SAMPLE_GAP_MS);
  }
  return { processes, rssBytes: median(totals) };
}

/** Idle, but not dead. */
async function requireServed(site: Site, payloadBytes: number, index: number): Promise<void> {
  await using generator = await site.startGenerator(payloadBytes);
  await generator.call('sequence', { subjects: [idleFunction(index).subject], pauseMs: 0 });
}
