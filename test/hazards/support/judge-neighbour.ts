/** Whether a neighbour noticed a hazard, by what its callers saw. */
import type { NeighbourBars } from './bars.ts';
import type { NeighbourCall } from './neighbour.ts';

export interface NeighbourFigures {
  readonly calls: number;
  /** Heard that their cell was gone. */
  readonly lost: number;
  /** From the first call of the hazard on, kills apart. */
  readonly p99Ms: number;
  /** Of the worst second of that. */
  readonly worstP99Ms: number;
  /** Of the calls before that: what the machine itself makes of it. */
  readonly calmP99Ms: number;
  /** In the second half of the hazard's calls, when the node has seen what it is. */
  readonly settledP99Ms: number;
  /** From the worst kill to the first answer to a call that was sent after it; undefined without a kill. */
  readonly replacedMs: number | undefined;
}

export interface HazardTimes {
  /** When the hazard was first called, since the epoch. */
  readonly calledAtMs: number;
  /** When its last caller had heard. */
  readonly heardAtMs: number;
  /** The p99 in the second half of its calls; undefined for no bar of its own. */
  readonly settlesAtMs: number | undefined;
  /** How long it may hold the thread of its neighbours at a time; undefined for no longer than all others. */
  readonly holdsMs: number | undefined;
  /** When a cell of its namespace was found dead. */
  readonly deathsMs: readonly number[];
  /** Whether those were the neighbour's cells as well. */
  readonly apart: boolean;
}

export interface NeighbourVerdict {
  readonly figures: NeighbourFigures;
  /** Bars that were not held. */
  readonly problems: readonly string[];
  /** Bars of time that were not held, which may be the machine's fault. */
  readonly slow: readonly string[];
}

/** A dead cell is looked for so often, and nobody hears a word of it later than that. */
const SEEN_WITHIN_MS = 50;

export function judgeNeighbour(
  calls: readonly NeighbourCall[],
  { calledAtMs, heardAtMs, settlesAtMs, holdsMs = 0, deathsMs, apart }: HazardTimes,
  bars: NeighbourBars,
): NeighbourVerdict {
  const problems: string[] = [];
  const slow: string[] = [];
  const kills = apart ? [] : deathsMs;
  const bad = calls.filter(({ outcome }) => outcome !== 'ok');
  const lost = bad.filter(({ outcome }) => outcome === 'HS_CELL_LOST');
  const others = new Set(bad.filter((call) => !lost.includes(call)).map(({ outcome }) => outcome));
  if (others.size > 0) problems.push(`the neighbour's callers heard ${[...others].join(', ')}`);
  const needless = lost.filter((call) => !kills.some((at) => wasInFlight(call, at, calls, bars.unheardMs)));
  if (bars.lossCounts && needless.length > 0)
    problems.push(`the neighbour lost ${needless.length} calls that were in flight in no cell that died`);

  const calmP99Ms = p99(calls.filter(({ sentAtMs, tookMs }) => sentAtMs + tookMs < calledAtMs));
  const beside = calls.filter(
    (call) => call.sentAtMs >= calledAtMs && !isNearKill(call, kills, bars.nearKillMs),
  );
  const p99Ms = p99(beside);
  const worstP99Ms = worstSecond(beside, bars.neighbourPerSecond);
  const orNoise = (barMs: number): number => Math.max(barMs, holdsMs, 2 * calmP99Ms);
  if (calmP99Ms > bars.calmP99Ms)
    slow.push(`the machine is too busy to tell: the calm p99 was ${calmP99Ms.toFixed(1)} ms`);
  else if (p99Ms > orNoise(bars.neighbourP99Ms)) slow.push(`the neighbour's p99 was ${p99Ms.toFixed(1)} ms`);
  else if (worstP99Ms > orNoise(bars.secondP99Ms))
    slow.push(`the neighbour's p99 was ${worstP99Ms.toFixed(1)} ms in one second`);
  const halfMs = (calledAtMs + heardAtMs) / 2;
  const settledP99Ms = p99(calls.filter(({ sentAtMs }) => sentAtMs >= halfMs && sentAtMs < heardAtMs));
  if (bars.settles && settlesAtMs !== undefined && settledP99Ms > Math.max(settlesAtMs, 2 * calmP99Ms))
    slow.push(`the neighbour's p99 stayed at ${settledP99Ms.toFixed(1)} ms`);

  const replaced = kills.map((at) => servedAfter(calls, at));
  const replacedMs = replaced.length === 0 ? undefined : Math.max(...replaced);
  if (replacedMs !== undefined && replacedMs > bars.replacedMs)
    slow.push(`the neighbour was served again after ${Math.round(replacedMs)} ms`);
  return {
    figures: {
      calls: calls.length,
      lost: lost.length,
      p99Ms,
      worstP99Ms,
      calmP99Ms,
      settledP99Ms,
      replacedMs,
    },
    problems,
    slow,
  };
}

/**
 * Whether a cell that was found dead at `deathMs` can have begun a call: it was sent before and not answered. A cell
 * that hangs begins nothing, and all that waits outside of it is for the next one.
 */
function wasInFlight(
  { sentAtMs, tookMs }: NeighbourCall,
  deathMs: number,
  calls: readonly NeighbourCall[],
  unheardMs: number,
): boolean {
  if (sentAtMs > deathMs || sentAtMs + tookMs < deathMs - SEEN_WITHIN_MS) return false;
  const heardMs = calls
    .filter(({ outcome }) => outcome === 'ok')
    .map((call) => call.sentAtMs + call.tookMs)
    .filter((at) => at <= deathMs);
  return sentAtMs <= Math.max(0, ...heardMs) + unheardMs;
}

function isNearKill(call: NeighbourCall, kills: readonly number[], nearMs: number): boolean {
  const { sentAtMs, tookMs } = call;
  return kills.some((at) => sentAtMs < at + nearMs && sentAtMs + tookMs > at - nearMs);
}

/** The worst p99 of as many calls in a row as there are in a second. */
function worstSecond(calls: readonly NeighbourCall[], perSecond: number): number {
  const inOrder = calls.toSorted((a, b) => a.sentAtMs - b.sentAtMs);
  const step = Math.max(1, Math.floor(perSecond / 2));
  const last = Math.max(0, inOrder.length - perSecond);
  let worst = p99(inOrder.slice(last));
  for (let from = 0; from < last; from += step)
    worst = Math.max(worst, p99(inOrder.slice(from, from + perSecond)));
  return worst;
}

function servedAfter(calls: readonly NeighbourCall[], deathMs: number): number {
  const heardMs = calls
    .filter(({ outcome, sentAtMs }) => outcome === 'ok' && sentAtMs > deathMs)
    .map(({ sentAtMs, tookMs }) => sentAtMs + tookMs);
  return Math.min(Number.POSITIVE_INFINITY, ...heardMs) - deathMs;
}

function p99(calls: readonly NeighbourCall[]): number {
  const times = calls.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? 0;
}
