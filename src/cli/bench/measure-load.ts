import { HairspringError } from '../../core/index.ts';
import { type LoadWindow, median } from '../../measure/index.ts';
import type { BenchRun, Stage } from './bench-run.ts';
import { startFloor } from './floor.ts';
import type { RoundWindow } from './load-rows.ts';
import { targetOfTrigger } from './targets.ts';
import { closedWindow, unlessTooMany } from './windows.ts';

/** What was seen of floor and function under load. */
export interface MeasuredLoad {
  readonly windows: readonly RoundWindow[];
  /** The most that the function answered in a second, at whichever level. */
  readonly mostPerSecond: number;
  /** The highest level that it held. */
  readonly highestLevel: number;
  readonly notes: readonly string[];
}

/** A level and how long it takes until as many requests have been answered as are under way at once, and half as many. */
interface Level {
  readonly inFlight: number;
  readonly settleMs: number;
}

type TakeWindow = (inFlight: number, warmupMs: number, windowMs: number) => Promise<LoadWindow>;

type Takers = Readonly<Record<RoundWindow['subject'], TakeWindow>>;

const SETTLE = 1.5;

/**
 * The function and a bare responder of the same payload side by side: in each round both at each level, their order
 * turned every round. A level at which the function refuses requests, or takes too long for them, is left out with
 * those above it.
 * @throws the code of errors that are more than strays, and not for there being too many
 */
export async function measureLoad(run: BenchRun, stage: Stage): Promise<MeasuredLoad> {
  const { plan, progress } = run;
  await using floor = await startFloor(run, stage);
  const take: Takers = {
    floor: (inFlight, warmupMs, windowMs) =>
      closedWindow(run, stage, {
        target: floor.target,
        inFlight,
        warmupMs,
        windowMs,
        responder: async () => [floor.pid],
      }),
    function: (inFlight, warmupMs, windowMs) =>
      closedWindow(run, stage, {
        target: targetOfTrigger(run, stage),
        inFlight,
        warmupMs,
        windowMs,
        responder: () => responderPids(run, stage),
      }),
  };
  progress('warming up');
  await take.floor(plan.levels.at(-1) ?? 1, 0, plan.firstWarmupMs);
  const probed = await probeLevels(run, take.function);
  const notes = [...probed.notes];
  let { levels } = probed;
  let windows: RoundWindow[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const level of levels) {
      const taken = await unlessTooMany(() => takeBoth(run, take, level, round));
      if (!(taken instanceof HairspringError)) {
        windows.push(...taken);
        continue;
      }
      notes.push(noteOn(level.inFlight, taken));
      levels = levels.filter(({ inFlight }) => inFlight < level.inFlight);
      windows = windows.filter(({ inFlight }) => inFlight < level.inFlight);
      break;
    }
  }
  return { windows, notes, highestLevel: levels.at(-1)?.inFlight ?? 1, mostPerSecond: mostOf(windows) };
}

/** Floor and function once, so long that the function has settled. */
async function takeBoth(
  { plan, progress }: BenchRun,
  take: Takers,
  { inFlight, settleMs }: Level,
  round: number,
): Promise<readonly RoundWindow[]> {
  const order = round % 2 === 1 ? (['floor', 'function'] as const) : (['function', 'floor'] as const);
  const taken: RoundWindow[] = [];
  for (const subject of order) {
    const leastMs = subject === 'floor' ? 0 : settleMs;
    const { warmupMs, windowMs } = plan;
    const window = await take[subject](inFlight, Math.max(warmupMs, leastMs), Math.max(windowMs, leastMs));
    taken.push({ ...window, subject, inFlight, round });
    const rate = Math.round(window.perSecond).toLocaleString('en');
    progress(`load, round ${round} of ${plan.rounds}: ${subject}, ${inFlight} in flight, ${rate}/s`);
  }
  return taken;
}

/** The node and its cells. */
export async function responderPids({ unlessOver }: BenchRun, { host }: Stage): Promise<readonly number[]> {
  return [host.pid, ...(await unlessOver(host.cellPids()))];
}

/** Warms the function up at each level, and finds out which it holds and how fast. */
async function probeLevels(
  { plan, prepared }: BenchRun,
  take: TakeWindow,
): Promise<{ readonly levels: readonly Level[]; readonly notes: readonly string[] }> {
  const levels: Level[] = [];
  const { timeoutMs } = prepared.manifest.start.limits;
  for (const inFlight of plan.levels) {
    const windowMs = Math.max(plan.firstWarmupMs / plan.levels.length, 2 * plan.requestMs);
    const found = await unlessTooMany(() => take(inFlight, SETTLE * plan.requestMs, windowMs));
    if (found instanceof HairspringError) return { levels, notes: [noteOn(inFlight, found)] };
    const settleMs = (SETTLE * 1_000 * inFlight) / found.perSecond;
    levels.push({ inFlight, settleMs: Math.min(settleMs, timeoutMs) });
  }
  return { levels, notes: [] };
}

/** @throws the error where the function does not even answer one request at a time */
function noteOn(inFlight: number, error: HairspringError): string {
  if (inFlight === 1) throw error;
  return `not measured from ${inFlight} in flight on, where the function answers with ${error.code}`;
}

function mostOf(windows: readonly RoundWindow[]): number {
  const own = windows.filter(({ subject }) => subject === 'function');
  const levels = Map.groupBy(own, ({ inFlight }) => inFlight).values();
  return Math.max(0, ...[...levels].map((level) => median(level.map(({ perSecond }) => perSecond))));
}
