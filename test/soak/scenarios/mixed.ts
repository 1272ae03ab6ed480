/** Mixed functions and churn of deploys for a while: nothing may grow, and no caller may be forgotten. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createControlClient } from '../../../src/control/index.ts';
import { deployTo } from '../../support/host.ts';
import { ask, until } from '../../support/load.ts';
import { type Churn, startChurn } from '../churn.ts';
import { KILLER } from '../functions.ts';
import type { SoakOptions } from '../options.ts';
import { BUSY_ODDS, judgeOutcomes } from '../outcomes.ts';
import { type Findings, judgeLoad, progressLine } from '../report.ts';
import { type Sample, takeSample } from '../sample.ts';
import { judgeSamples, type Verdict } from '../verdict.ts';
import type { SoakWorld } from '../world.ts';

const SAMPLE_MS = 5_000;
const PROGRESS_EVERY = 3;
/**
 * Code, old heap and the allocator's holes find their size in this part of the run, and within this time where it is
 * long: with all functions a cell grows until six minutes after its start on a quiet machine, and is level from then on.
 */
const WARM_UP_SHARE = 0.25;
const MAX_WARM_UP_SECONDS = 600;
const KILLS = 2;

export async function runMixed(
  world: SoakWorld,
  options: SoakOptions,
  print: (line: string) => void,
): Promise<Findings> {
  const churn = startChurn(world, options.churnPerSecond);
  await world.driver.call('start', { functions: options.only, perSecond: options.perSecond, inFlight: 0 });
  const samples = await watch(world, options, print);
  await churn.stop();
  const killed = await killCells(world);
  const load = await world.driver.call('stop', null);
  const judged = samples.slice(warmUpSamples(samples));
  const { redeploys, undeploys } = churn.stats;
  const cellsDied = new Set(samples.map(({ cells }) => String(cells.map(({ pid }) => pid)))).size > 1;
  return {
    load,
    samples,
    verdicts: [
      ...judgeLoad(load, cellsDied),
      ...judgeOutcomes(load.outcomes, options.only, BUSY_ODDS),
      ...judgeSamples(judged),
      judgeDeploys(churn),
      killed,
    ],
    notes: [
      `${redeploys} redeploys, ${undeploys} undeploys and deploys; judged from ${judged[0]?.seconds.toFixed(0)} s on (${judged.length} samples)`,
      `server: RSS ${describeServer(judged)}; warnings: ${world.serverWarnings.length}${world.serverWarnings.slice(0, 3).map((line) => `\n  ${line}`)}`,
    ],
  };
}

async function watch(
  world: SoakWorld,
  { minutes, invocations }: SoakOptions,
  print: (line: string) => void,
): Promise<readonly Sample[]> {
  const startedMs = performance.now();
  const samples: Sample[] = [];
  const done = ({ seconds, sent }: Sample): boolean =>
    invocations === undefined ? seconds >= minutes * 60 : sent >= invocations;
  for (;;) {
    await sleep(SAMPLE_MS);
    const load = await world.driver.call('stats', null);
    const sample = await takeSample(world, (performance.now() - startedMs) / 1_000, load.sent);
    samples.push(sample);
    if (samples.length % PROGRESS_EVERY === 0) print(progressLine(sample, load));
    if (done(sample)) return samples;
  }
}

function warmUpSamples(samples: readonly Sample[]): number {
  const total = samples.at(-1)?.seconds ?? 0;
  const end = Math.min(total * WARM_UP_SHARE, MAX_WARM_UP_SECONDS);
  return samples.findIndex(({ seconds }) => seconds >= end);
}

function describeServer(samples: readonly Sample[]): string {
  const mib = (sample: Sample | undefined): string => ((sample?.server.rssBytes ?? 0) / 1024 ** 2).toFixed(1);
  return `${mib(samples[0])} to ${mib(samples.at(-1))} MiB`;
}

function judgeDeploys({ stats: { failures } }: Churn): Verdict {
  const count = Object.values(failures).reduce((sum, each) => sum + each, 0);
  return {
    what: 'deploys that failed',
    figure: count === 0 ? '0' : JSON.stringify(failures),
    limit: '0',
    passed: count === 0,
  };
}

/** When all is measured: a function takes down its cell, while the others are still asked. */
async function killCells({ nc }: SoakWorld): Promise<Verdict> {
  const { name } = KILLER;
  await deployTo(nc, createControlClient(nc, { namespace: KILLER.namespace ?? '' }), KILLER);
  const outcomes: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    await until('the killer is served', async () => (await ask(nc, name, 'good')).outcome === 'ok');
    outcomes.push((await ask(nc, name, 'kill')).outcome);
  }
  await until('the killer is served', async () => (await ask(nc, name, 'good')).outcome === 'ok');
  return {
    what: 'cells killed by their function',
    figure: outcomes.join(', '),
    limit: 'HS_FUNCTION_CRASHED',
    passed: outcomes.every((outcome) => outcome === 'HS_FUNCTION_CRASHED'),
  };
}
