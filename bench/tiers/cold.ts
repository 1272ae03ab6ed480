import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchRun, openSite, type Site } from '../bench-run.ts';
import { type BenchFunction, deployCopies, deployModule } from '../deploy.ts';
import { type CellRun, COLD_TIERS, type ColdRun, type ColdTier } from '../results.ts';
import { median } from '../statistics.ts';
import { buildModule } from '../wasm-module.ts';

/** Woken before the first one that counts: a new cell compiles its own code on the first cold start. */
const UNCOUNTED = 5;
/** As many warm requests to each function, at the same pace. */
const WARM_REQUESTS = 2;

/** What is deployed for each size, and the characters of its script. */
const SIZES = {
  small: { entry: 'orders.js', chars: 5_000 },
  large: { entry: 'streams.js', chars: 100_000 },
} as const;
/** Bytes of the modules, at least. */
const MODULES = { wasm: 0, 'wasm-large': 2_900_000 } as const;
type Size = keyof typeof SIZES | keyof typeof MODULES;
const SIZE_OF: Readonly<Record<ColdTier, Size>> = {
  'pooled-isolate': 'small',
  'pooled-isolate-large': 'large',
  'fresh-isolate': 'small',
  'pooled-wasm': 'wasm',
  'pooled-wasm-large': 'wasm-large',
};

const subjectOf = (size: Size, index: number): string => `bench.cold.${size}.${index}`;

/**
 * First requests to idle functions, end to end over NATS, one in flight. Hosts start anew for each pass, so that
 * all functions are idle again; the tiers take turns.
 */
export async function measureCold(
  run: BenchRun,
): Promise<{ readonly coldRuns: readonly ColdRun[]; readonly cellRuns: readonly CellRun[] }> {
  const { plan, progress } = run;
  await using site = await openSite();
  progress(`deploying ${plan.coldFunctions + UNCOUNTED} functions of each size for the cold tiers`);
  {
    await using _host = await site.startHost({});
    for (const size of ['small', 'large'] as const) {
      const { entry, chars } = SIZES[size];
      const functions = functionsOf(size, plan.coldFunctions + UNCOUNTED);
      await deployCopies(site.nc, entry, functions, { distinct: true, padTo: chars, atOnce: 4 });
    }
    for (const size of ['wasm', 'wasm-large'] as const) {
      const functions = functionsOf(size, plan.coldFunctions + UNCOUNTED);
      await deployModule(site.nc, await buildModule('echo-command', MODULES[size]), functions, {
        distinct: true,
      });
    }
  }
  const coldRuns: ColdRun[] = [];
  for (let round = 1; round <= plan.coldRounds; round += 1) {
    for (const tier of round % 2 === 1 ? COLD_TIERS : COLD_TIERS.toReversed()) {
      const coldRun = await wakeAll(site, run, tier, round);
      coldRuns.push(coldRun);
      const [cold, warm] = [median(coldRun.coldMs), median(coldRun.warmMs)];
      progress(
        `round ${round}/${plan.coldRounds}  ${tier}: cold p50 ${cold.toFixed(2)} ms, warm p50 ${warm.toFixed(2)} ms`,
      );
    }
  }
  const cellRuns: CellRun[] = [];
  for (const tier of ['spare-cell', 'fresh-cell'] as const) {
    const cellRun = await replaceCells(site, run, tier);
    cellRuns.push(cellRun);
    progress(`${tier}: p50 ${median(cellRun.recoverMs).toFixed(1)} ms from kill to reply`);
  }
  return { coldRuns, cellRuns };
}

function functionsOf(size: Size, count: number): readonly BenchFunction[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `cold-${size}-${index}`,
    subject: subjectOf(size, index),
  }));
}

async function wakeAll(site: Site, { plan }: BenchRun, tier: ColdTier, round: number): Promise<ColdRun> {
  // All stay warm, so that no eviction falls into the measurement.
  const warmInstances = plan.coldFunctions + UNCOUNTED + 1;
  await using _host = await site.startHost({
    warmInstances,
    ...(tier === 'fresh-isolate' ? { spareIsolates: 0 } : {}),
  });
  await using generator = await site.startGenerator(plan.payloadBytes);
  await sleep(plan.settleMs);
  const perFunction = 1 + WARM_REQUESTS;
  const subjects = Array.from({ length: plan.coldFunctions + UNCOUNTED }, (_, index) =>
    Array.from({ length: perFunction }, () => subjectOf(SIZE_OF[tier], index)),
  ).flat();
  const all = await generator.call('sequence', { subjects, pauseMs: plan.coldPauseMs });
  const counted = all.slice(UNCOUNTED * perFunction);
  return {
    round,
    tier,
    coldMs: counted.filter((_, index) => index % perFunction === 0),
    warmMs: counted.filter((_, index) => index % perFunction !== 0),
  };
}

/** Kills the serving cell again and again; `fresh-cell` without a spare, so that starting a process is included. */
async function replaceCells(site: Site, { plan }: BenchRun, tier: CellRun['tier']): Promise<CellRun> {
  const spareCells = tier === 'spare-cell' ? 1 : 0;
  await using host = await site.startHost({ spareCells, quiet: true });
  await using generator = await site.startGenerator(plan.payloadBytes);
  const recoverMs: number[] = [];
  for (let count = 0; count < plan.freshCells; count += 1) {
    await sleep(plan.settleMs);
    // The host names cells that serve before spares.
    const [pid] = await host.call('cellPids', null);
    if (pid === undefined) throw new Error('The host has no cell');
    recoverMs.push(await generator.call('recover', { pid, subject: subjectOf('small', 0) }));
  }
  return { tier, recoverMs };
}
