import { setTimeout as sleep } from 'node:timers/promises';
import { median, type Row } from '../../src/measure/index.ts';
import { type BenchRun, openSite, type Site } from '../bench-run.ts';
import { type BenchFunction, deployCopies, deployModule } from '../deploy.ts';
import { type Plan, SCRIPT_SIZES } from '../plan.ts';
import { buildModule } from '../wasm-module.ts';
import { type ColdCase, type ColdPass, coldRow, recoveryRow } from './cold-rows.ts';

/** Woken before the first one that counts: a new cell compiles its own code on the first cold start. */
const UNCOUNTED = 5;
/** As many warm requests to each function, at the same pace. */
const WARM_REQUESTS = 2;

/** Bytes of the modules, at least. */
const MODULES = { wasm: 0, 'wasm-large': 2_900_000 } as const;
type Size = keyof typeof SCRIPT_SIZES | keyof typeof MODULES;

interface ColdTier extends ColdCase {
  readonly size: Size;
}

/** The large functions are a script with a library in it, and a module of 2.9 MB; the others have the size that people write. */
const COLD_TIERS: readonly ColdTier[] = [
  {
    subject: 'pooled-isolate',
    title: 'pooled isolate, 5 KB',
    params: { code: 'javascript', bundleBytes: 5_000 },
    size: 'small',
  },
  {
    subject: 'pooled-isolate',
    title: 'pooled isolate, 100 KB',
    params: { code: 'javascript', bundleBytes: 100_000 },
    size: 'large',
  },
  {
    subject: 'new-isolate',
    title: 'new isolate, 5 KB',
    params: { code: 'javascript', bundleBytes: 5_000 },
    size: 'small',
  },
  {
    subject: 'pooled-isolate',
    title: 'pooled isolate, WebAssembly command',
    params: { code: 'wasm-command', bundleBytes: 300 },
    size: 'wasm',
  },
  {
    subject: 'pooled-isolate',
    title: 'pooled isolate, WebAssembly command, 2.9 MB',
    params: { code: 'wasm-command', bundleBytes: 2_900_000 },
    size: 'wasm-large',
  },
];

/** By the spare cells that the host keeps. */
const RECOVERIES = [
  [1, 'spare-cell', 'cell killed, spare cell takes over'],
  [0, 'new-cell', 'cell killed, new cell (process start included)'],
] as const;

const subjectOf = (size: Size, index: number): string => `bench.cold.${size}.${index}`;

/**
 * First requests to idle functions, end to end over NATS, one in flight. Hosts start anew for each pass, so that
 * all functions are idle again; the tiers take turns.
 */
export async function measureCold(run: BenchRun): Promise<readonly Row[]> {
  const { plan, progress } = run;
  await using stack = new AsyncDisposableStack();
  const sites = new Map<Size, Site>();
  for (const size of new Set(COLD_TIERS.map((tier) => tier.size))) {
    const count = countOf(size, plan);
    progress(`deploying ${count} functions for the cold tiers: ${size}`);
    // A site for each size: a cell keeps the code in memory that was used last, and only so much of it.
    const site = stack.use(await openSite());
    sites.set(size, site);
    await deploySize(site, size, count);
  }
  const siteOf = (size: Size): Site => {
    const site = sites.get(size);
    if (site === undefined) throw new Error(`Nothing of the size ${size} is deployed`);
    return site;
  };
  const passes = new Map(COLD_TIERS.map((tier): [ColdTier, ColdPass[]] => [tier, []]));
  for (let round = 1; round <= plan.coldRounds; round += 1) {
    for (const tier of round % 2 === 1 ? COLD_TIERS : COLD_TIERS.toReversed()) {
      const pass = await wakeAll(siteOf(tier.size), run, tier);
      passes.get(tier)?.push(pass);
      const [cold, warm] = [median(pass.coldMs), median(pass.warmMs)];
      progress(
        `round ${round}/${plan.coldRounds}  ${tier.title}: cold p50 ${cold.toFixed(2)} ms, warm p50 ${warm.toFixed(2)} ms`,
      );
    }
  }
  const rows = [...passes].map(([tier, found]) => coldRow(tier, found));
  for (const [spareCells, subject, title] of RECOVERIES) {
    const recoverMs = await replaceCells(siteOf('small'), run, spareCells);
    rows.push(recoveryRow(subject, title, recoverMs));
    progress(`${title}: p50 ${median(recoverMs).toFixed(1)} ms from kill to reply`);
  }
  return rows;
}

/** Of large modules so many as a cell keeps in memory. */
function countOf(size: Size, { coldFunctions }: Plan): number {
  return UNCOUNTED + (size === 'wasm-large' ? 4 : coldFunctions);
}

async function deploySize(site: Site, size: Size, count: number): Promise<void> {
  await using _host = await site.startHost({});
  const functions = functionsOf(size, count);
  if (size === 'small' || size === 'large') {
    const { entry, chars } = SCRIPT_SIZES[size];
    await deployCopies(site.nc, entry, functions, { distinct: true, padTo: chars, atOnce: 4 });
    return;
  }
  const module = await buildModule('echo-command', MODULES[size]);
  await deployModule(site.nc, module, functions, { distinct: true });
}

function functionsOf(size: Size, count: number): readonly BenchFunction[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `cold-${size}-${index}`,
    subject: subjectOf(size, index),
  }));
}

async function wakeAll(site: Site, { plan }: BenchRun, { size, subject }: ColdTier): Promise<ColdPass> {
  // All stay warm, so that no eviction falls into the measurement.
  const count = countOf(size, plan);
  const warmInstances = count + 1;
  await using _host = await site.startHost({
    warmInstances,
    ...(subject === 'new-isolate' ? { spareIsolates: 0 } : {}),
  });
  await using generator = await site.startGenerator(plan.payloadBytes);
  await sleep(plan.settleMs);
  const perFunction = 1 + WARM_REQUESTS;
  const subjects = Array.from({ length: count }, (_, index) =>
    Array.from({ length: perFunction }, () => subjectOf(size, index)),
  ).flat();
  const all = await generator.call('sequence', { subjects, pauseMs: plan.coldPauseMs });
  const counted = all.slice(UNCOUNTED * perFunction);
  return {
    coldMs: counted.filter((_, index) => index % perFunction === 0),
    warmMs: counted.filter((_, index) => index % perFunction !== 0),
  };
}

/** Kills the serving cell again and again; without a spare the start of a process is included. */
async function replaceCells(site: Site, { plan }: BenchRun, spareCells: number): Promise<readonly number[]> {
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
  return recoverMs;
}
