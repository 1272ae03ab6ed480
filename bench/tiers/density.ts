import { setTimeout as sleep } from 'node:timers/promises';
import { makeMetric, type Row } from '../../src/measure/index.ts';
import { type BenchRun, openSite, type Site } from '../bench-run.ts';
import { deployCopies } from '../deploy.ts';
import { type Copy, seedCopies } from '../seed.ts';
import {
  densityRow,
  type MemorySample,
  type StartFigures,
  sampleIdleCores,
  sampleMemory,
  startedRow,
} from './density-rows.ts';
import { measureWarmInstances } from './warm-instances.ts';

const DEPLOY_AT_ONCE = 8;
/** Idle functions that are woken at each count, spread over all of them. */
const WOKEN = 25;
/** Woken before those that count. */
const UNCOUNTED = 5;

const idleFunction = (index: number): Copy => ({
  name: `idle-${index}`,
  subject: `bench.idle.${index}`,
});

/** What functions cost that are deployed and never called: memory of the host with all its cells, and start time. */
export async function measureDensity(run: BenchRun): Promise<readonly Row[]> {
  const { plan, progress } = run;
  await using site = await openSite();
  const rows: Row[] = [...(await deployFirst(site, run))];
  const { one, row: oneRow, deployed } = await measureDeploying(site, run);
  rows.push(oneRow, deployed);
  let known = plan.deployedFunctions;
  for (const count of plan.idleCounts) {
    if (count > known) {
      progress(`writing the records of ${count - known} functions`);
      const copies = Array.from({ length: count - known }, (_, index) => idleFunction(known + index));
      await seedCopies(site, idleFunction(0).name, copies);
      known = count;
    }
    rows.push(startedRow(known, await startWith(site, run, known), one));
    progress(`started with ${known} functions`);
    if (count === plan.idleCounts[0]) {
      const subjects = Array.from({ length: known }, (_, index) => idleFunction(index).subject);
      rows.push(await measureWarmInstances(site, run, subjects));
    }
  }
  return rows;
}

/** @returns what a host without a function takes, unless the run is a quick one */
async function deployFirst(site: Site, { plan }: BenchRun): Promise<readonly Row[]> {
  await using host = await site.startHost({});
  const rows = plan.quick
    ? []
    : [
        densityRow('none', 'no function', 0, await sampleMemory(host, plan.settleMs), [
          makeMetric('startMs', 'ms', 'lower', [host.startMs]),
        ]),
      ];
  await deployCopies(site.nc, 'echo.js', [idleFunction(0)]);
  return rows;
}

interface DeployFigures {
  readonly one: MemorySample;
  readonly row: Row;
  readonly deployed: Row;
}

/** Starts with the one function that there is, and has the control plane deploy more. */
async function measureDeploying(site: Site, { plan, progress }: BenchRun): Promise<DeployFigures> {
  await using host = await site.startHost({});
  const one = await sampleMemory(host, plan.settleMs);
  const row = densityRow('started', 'started with 1 function', 1, one, [
    makeMetric('startMs', 'ms', 'lower', [host.startMs]),
  ]);
  const count = plan.deployedFunctions;
  progress(`deploying ${count} functions one by one`);
  const startedAt = performance.now();
  const functions = Array.from({ length: count - 1 }, (_, index) => idleFunction(index + 1));
  await deployCopies(site.nc, 'echo.js', functions, { atOnce: DEPLOY_AT_ONCE });
  const deployMs = performance.now() - startedAt;
  const title = `${count.toLocaleString('en-US')} functions just deployed by the control plane`;
  const deployed = densityRow('deployed', title, count, await sampleMemory(host, plan.settleMs), [
    makeMetric('deployMs', 'ms', 'lower', [deployMs]),
    makeMetric('deploysPerSecond', '1/s', 'higher', [(1_000 * functions.length) / deployMs]),
  ]);
  return { one, row, deployed };
}

/** A host that finds so many functions when it starts. */
async function startWith(site: Site, { plan }: BenchRun, count: number): Promise<StartFigures> {
  await using host = await site.startHost({});
  const memory = await sampleMemory(host, plan.settleMs);
  const idleCores = await sampleIdleCores(host);
  await using generator = await site.startGenerator(plan.payloadBytes);
  const step = Math.max(1, Math.floor(count / (WOKEN + UNCOUNTED)));
  // The last ones first: those that were read ahead when the cell began are no better than the others.
  const subjects = Array.from({ length: Math.min(count, WOKEN + UNCOUNTED) }, (_, index) => [
    idleFunction(count - 1 - index * step).subject,
  ]).flat();
  await sleep(plan.settleMs);
  const wakeMs = await generator.call('sequence', { subjects, pauseMs: plan.coldPauseMs });
  return { startMs: host.startMs, memory, idleCores, wakeMs: wakeMs.slice(UNCOUNTED) };
}
