import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Metric,
  makeMetric,
  makeRow,
  median,
  type Row,
  rssBytes,
  sumOver,
} from '../../src/measure/index.ts';
import { type BenchRun, type HostChild, openSite, type Site } from '../bench-run.ts';
import { deployCopies } from '../deploy.ts';

/** Memory of the host and all its cells together at one moment. */
interface MemorySample {
  readonly processes: number;
  readonly rssBytes: number;
}

const DEPLOY_AT_ONCE = 8;
const SAMPLES = 5;
const SAMPLE_GAP_MS = 200;

const idleFunction = (index: number): { name: string; subject: string } => ({
  name: `idle-${index}`,
  subject: `bench.idle.${index}`,
});

/** What functions cost that are deployed and never called: memory of the host with all its cells, and start time. */
export async function measureDensity({ plan, progress }: BenchRun): Promise<readonly Row[]> {
  await using site = await openSite();
  const sample = async (host: HostChild, when: string): Promise<MemorySample> => {
    const found = await sampleMemory(host, plan.settleMs);
    progress(`${when}: ${found.processes} processes, ${(found.rssBytes / 1e6).toFixed(1)} MB`);
    return found;
  };
  let none: Row;
  {
    await using host = await site.startHost({});
    none = densityRow('none', 'no function', 0, await sample(host, 'no function'), [startMetric(host)]);
    await deployCopies(site.nc, 'echo.js', [idleFunction(0)]);
  }
  const count = plan.idleFunctions;
  let one: Row;
  let deployed: Row;
  let oneBytes: number;
  {
    await using host = await site.startHost({});
    const found = await sample(host, 'started with 1 function');
    oneBytes = found.rssBytes;
    one = densityRow('started', 'started with 1 function', 1, found, [startMetric(host)]);
    progress(`deploying ${count} functions`);
    const startedAt = performance.now();
    const functions = Array.from({ length: count - 1 }, (_, index) => idleFunction(index + 1));
    await deployCopies(site.nc, 'echo.js', functions, { atOnce: DEPLOY_AT_ONCE });
    const deployMs = performance.now() - startedAt;
    deployed = densityRow('deployed', 'just deployed', count, await sample(host, 'just deployed'), [
      makeMetric('deployMs', 'ms', 'lower', [deployMs]),
    ]);
  }
  await using host = await site.startHost({});
  const title = `started with ${count.toLocaleString('en-US')} functions`;
  const found = await sample(host, title);
  await requireServed(site, plan.payloadBytes, count - 1);
  progress(`${title} in ${Math.round(host.startMs)} ms`);
  const started = densityRow('started', title, count, found, [
    startMetric(host),
    makeMetric('extraRssBytes', 'bytes', 'lower', [found.rssBytes - oneBytes]),
  ]);
  return [none, one, deployed, started];
}

function startMetric(host: HostChild): Metric {
  return makeMetric('startMs', 'ms', 'lower', [host.startMs]);
}

function densityRow(
  subject: string,
  title: string,
  functions: number,
  { processes, rssBytes: bytes }: MemorySample,
  metrics: readonly Metric[],
): Row {
  return makeRow({
    group: 'density',
    subject,
    title,
    params: { functions },
    n: 1,
    metrics: [
      makeMetric('processes', 'count', undefined, [processes]),
      makeMetric('rssBytes', 'bytes', 'lower', [bytes]),
      ...metrics,
    ],
  });
}

async function sampleMemory(host: HostChild, settleMs: number): Promise<MemorySample> {
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
