import { type ColdReason, systemClock } from '../../core/index.ts';
import { type Row, rssBytes, sumOver, type Target } from '../../measure/index.ts';
import { askInTurn } from './ask-in-turn.ts';
import { type BenchRun, openStage, type Stage } from './bench-run.ts';
import { copyName, deployCopies } from './copies.ts';
import { type InsideView, watchInside } from './inside.ts';
import { nodeRssBytes } from './node-memory.ts';
import { WARM_REQUESTS } from './plan.ts';
import type { HostSettings } from './site.ts';
import { type ColdPass, coldRow, memoryRow, newCellRow, restingOf } from './start-rows.ts';
import { targetOf, targetOfCopy } from './targets.ts';
import { type ColdSubject, STARTS } from './tiers.ts';

/** What was seen of starts. */
export interface Starts {
  readonly rows: readonly Row[];
  /** What node and cells held before the first start, of each pass over pooled isolates. */
  readonly restingBytes: readonly number[];
}

/** Woken before the first one that counts: a new cell compiles its own code on the first start. */
export const UNCOUNTED = 3;
/** An instance that is too many is freed within a second of its last call. */
const EVICTED_AFTER_MS = 1_300;

const COPIES_HINT =
  'Starts are measured on copies whose routes are below "/bench-copy-N", and request.url shows it: look at ctx.params instead';

/** The reason that the node gives for starts of a kind. */
const REASON: Readonly<Record<ColdSubject, ColdReason>> = {
  'new-isolate': 'first',
  'pooled-isolate': 'first',
  evicted: 'evicted',
};

/** First requests to functions that have no instance, end to end, one in flight. */
export async function measureStarts(run: BenchRun): Promise<Starts> {
  const { plan, progress, prepared } = run;
  const recoverMs = await measureNewCells(run);
  const kinds = STARTS.flatMap(({ subject }) => (subject === 'new-cell' ? [] : [subject]));
  const passes: ColdPass[] = [];
  for (let round = 1; round <= plan.coldPasses; round += 1) {
    for (const subject of round % 2 === 1 ? kinds : kinds.toReversed()) {
      progress(`starts, pass ${round} of ${plan.coldPasses}: ${titleOf(subject)}`);
      passes.push(await wakeCopies(run, subject));
    }
  }
  const rows = [
    ...newCellRow(recoverMs),
    ...kinds.map((subject) =>
      coldRow(
        subject,
        titleOf(subject),
        passes.filter((pass) => pass.subject === subject),
      ),
    ),
    ...memoryRow(prepared.manifest.name, passes),
  ];
  return { rows, restingBytes: restingOf(passes) };
}

const titleOf = (subject: ColdSubject): string =>
  STARTS.find((start) => start.subject === subject)?.title ?? subject;

/** Kills the serving cell where no other is ready, again and again; then deploys the copies for the passes. */
async function measureNewCells(run: BenchRun): Promise<readonly number[]> {
  const { plan, progress, prepared, unlessOver } = run;
  await using stage = await openStage(run, { spareCells: 0 });
  const { host, generator } = stage;
  const target = targetOf(run, stage);
  const recoverMs: number[] = [];
  for (let count = 1; count <= plan.newCells; count += 1) {
    progress(`starts: new cell ${count} of ${plan.newCells}`);
    await unlessOver(systemClock.sleep(plan.settleMs));
    const [pid] = await unlessOver(host.cellPids());
    if (pid === undefined) continue;
    const ms = await unlessOver(generator.call('recover', { pid, target }));
    if (ms !== null) recoverMs.push(ms);
  }
  const copies = UNCOUNTED + plan.copies;
  progress(`deploying ${copies} copies to be woken`);
  await unlessOver(deployCopies(stage.connection, prepared, host.nodeId, copies));
  return recoverMs;
}

/** One host, in which all copies are idle at first. */
async function wakeCopies(run: BenchRun, subject: ColdSubject): Promise<ColdPass> {
  const { plan, unlessOver } = run;
  await using stage = await openStage(run, settingsFor(subject, plan.copies));
  await using inside = await watchInside(stage.connection);
  await unlessOver(systemClock.sleep(plan.settleMs));
  const restingBytes = await nodeRssBytes(run, stage);
  const uncounted = Array.from({ length: UNCOUNTED }, (_, index) => index);
  const counted = Array.from({ length: plan.copies }, (_, index) => UNCOUNTED + index);
  await wake(run, stage, inside, subject === 'evicted' ? [...uncounted, ...counted] : uncounted);
  if (subject === 'evicted') await unlessOver(systemClock.sleep(EVICTED_AFTER_MS));
  const rssBefore = await cellsRssBytes(run, stage);
  const woken = await wake(run, stage, inside, counted);
  const rssAfter = await cellsRssBytes(run, stage);
  const starts = woken.filter(({ reason }) => reason === undefined || reason === REASON[subject]);
  return {
    subject,
    coldMs: starts.map(({ coldMs }) => coldMs),
    warmMs: starts.flatMap(({ warmMs }) => warmMs),
    insideMs: starts.flatMap(({ insideMs }) => (insideMs === undefined ? [] : [insideMs])),
    instanceBytes:
      rssBefore === undefined || rssAfter === undefined ? undefined : (rssAfter - rssBefore) / plan.copies,
    restingBytes,
  };
}

export function settingsFor(subject: ColdSubject, copies: number): HostSettings {
  // One more than there are, so that no eviction falls into the pass; or so few that all but the last are evicted.
  const warmInstances = subject === 'evicted' ? 1 : UNCOUNTED + copies + 1;
  // No cell is to start beside those that are measured.
  return { spareCells: 0, warmInstances, ...(subject === 'new-isolate' ? { spareIsolates: 0 } : {}) };
}

/** The first request of a copy, and some warm ones behind it, all answered well. */
interface Wake {
  readonly coldMs: number;
  readonly warmMs: readonly number[];
  /** What the node took from acceptance to reply; undefined when it did not tell. */
  readonly insideMs: number | undefined;
  /** Why it had to make an instance; undefined when it did not tell. */
  readonly reason: ColdReason | 'warm' | undefined;
}

async function wake(
  run: BenchRun,
  stage: Stage,
  inside: InsideView,
  copies: readonly number[],
): Promise<readonly Wake[]> {
  const { plan } = run;
  const each = 1 + WARM_REQUESTS;
  const targets = copies.flatMap((copy) => Array<Target>(each).fill(targetOfCopy(run, stage, copy)));
  const hint = run.request.to.transport === 'http' ? COPIES_HINT : undefined;
  const requests = await askInTurn(run, stage, { targets, pauseMs: plan.pauseMs, hint });
  const events = await inside.take(targets.length);
  return copies.flatMap((copy, index) => {
    const own = requests.slice(index * each, (index + 1) * each);
    if (own.some(({ wrong }) => wrong !== null)) return [];
    const [first, ...warm] = own.map(({ ms }) => ms);
    const event = events.get(copyName(copy))?.[0];
    return {
      coldMs: first ?? Number.NaN,
      warmMs: warm,
      insideMs: event?.durationMs,
      reason: event === undefined ? undefined : (event.coldReason ?? 'warm'),
    };
  });
}

async function cellsRssBytes({ unlessOver }: BenchRun, { host }: Stage): Promise<number | undefined> {
  return sumOver(await unlessOver(host.cellPids()), rssBytes);
}
