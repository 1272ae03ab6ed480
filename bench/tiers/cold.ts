import { setTimeout as sleep } from 'node:timers/promises';
import { median, type Row } from '../../src/measure/index.ts';
import { type BenchRun, openSite, type Site } from '../bench-run.ts';
import { USUAL } from './cold-kinds.ts';
import { functionsOf, subjectOf, type WakeTier, wakeAll } from './cold-pass.ts';
import { type PassPlan, passesOf, sitesOf } from './cold-plan.ts';
import { type ColdPass, coldRow, recoveryRow, warmRow } from './cold-rows.ts';

const TIER_TITLES: Readonly<Record<WakeTier, string>> = {
  'pooled-isolate': 'pooled isolate',
  'new-isolate': 'new isolate',
  evicted: 'evicted and back',
};

/** By the spare cells that the host keeps. */
const RECOVERIES = [
  [1, 'spare-cell', 'cell killed, spare cell takes over'],
  [0, 'new-cell', 'cell killed, new cell (process start included)'],
] as const;

/**
 * First requests to idle functions, end to end over NATS, one in flight. Hosts start anew for each pass, so that
 * all functions are idle again; the passes take turns.
 */
export async function measureCold(run: BenchRun): Promise<readonly Row[]> {
  const { plan, progress } = run;
  await using stack = new AsyncDisposableStack();
  const sites = new Map<string, Site>();
  for (const [name, kinds] of sitesOf(plan)) {
    progress(`deploying the ${name} functions`);
    const site = stack.use(await openSite());
    sites.set(name, site);
    await using _host = await site.startHost({});
    for (const kind of kinds) await kind.deploy(site, functionsOf(kind, plan));
  }
  const siteOf = (name: string): Site => {
    const site = sites.get(name);
    if (site === undefined) throw new Error(`Nothing is deployed in the site ${name}`);
    return site;
  };
  const found = new Map<string, ColdPass[]>();
  const firsts: ColdPass[] = [];
  const plans = passesOf(plan);
  for (let round = 1; round <= plan.coldRounds; round += 1) {
    for (const { tier, site, kinds } of round % 2 === 1 ? plans : plans.toReversed()) {
      const { passes, first } = await wakeAll(siteOf(site), run, tier, kinds);
      if (tier === 'pooled-isolate' && site === USUAL.site && first.coldMs.length > 0) firsts.push(first);
      for (const [kind, pass] of passes) {
        const key = `${tier} ${kind.name}`;
        found.set(key, [...(found.get(key) ?? []), pass]);
        const [cold, warm] = [median(pass.coldMs), median(pass.warmMs)];
        progress(
          `round ${round}/${plan.coldRounds}  ${TIER_TITLES[tier]}, ${kind.title}: cold p50 ${cold.toFixed(2)} ms, warm p50 ${warm.toFixed(2)} ms`,
        );
      }
    }
  }
  return [...rowsOf(plans, found, firsts), ...(await measureRecovery(siteOf(USUAL.site), run))];
}

function rowsOf(
  plans: readonly PassPlan[],
  found: ReadonlyMap<string, readonly ColdPass[]>,
  firsts: readonly ColdPass[],
): readonly Row[] {
  const each = plans.flatMap(({ tier, kinds }) =>
    kinds.flatMap((kind) => {
      const passes = found.get(`${tier} ${kind.name}`);
      return passes === undefined ? [] : [{ tier, kind, passes }];
    }),
  );
  const cold = each.map(({ tier, kind: { title, params }, passes }) =>
    coldRow({ subject: tier, title: `${TIER_TITLES[tier]}, ${title}`, params }, passes),
  );
  const warm = each
    .filter(({ tier }) => tier === 'pooled-isolate')
    .map(({ kind: { title, params }, passes }) => warmRow(`warm, ${title}`, params, passes));
  if (firsts.length === 0) return [...cold, ...warm];
  const { title, params } = USUAL;
  const first = { subject: 'new-cell', title: `the first wake of all in a new cell, ${title}`, params };
  return [coldRow(first, firsts), ...cold, ...warm];
}

async function measureRecovery(site: Site, run: BenchRun): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [spareCells, subject, title] of RECOVERIES) {
    const recoverMs = await replaceCells(site, run, spareCells);
    rows.push(recoveryRow(subject, title, recoverMs));
    run.progress(`${title}: p50 ${median(recoverMs).toFixed(1)} ms from kill to reply`);
  }
  return rows;
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
    recoverMs.push(await generator.call('recover', { pid, subject: subjectOf(USUAL, 0) }));
  }
  return recoverMs;
}
