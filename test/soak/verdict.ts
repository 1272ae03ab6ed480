/** Whether figures that were taken over time stay where they are. */
import type { ProcessSample, Sample } from './sample.ts';

export interface Verdict {
  readonly what: string;
  /** The figure, as text with its unit. */
  readonly figure: string;
  readonly limit: string;
  readonly passed: boolean;
}

export const MAX_GROWTH = 0.05;
export const MAX_SLOPE_MIB_PER_100K = 1;
/** Sockets and subscriptions come and go with deploys; a leak goes on. */
export const MAX_DRIFT = 2;

const MIB = 1024 ** 2;
/** Most pairs that a slope is taken from. */
const MAX_POINTS = 400;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** The slope that half of all pairs of points exceed (Theil and Sen): single spikes do not move it. */
export function robustSlope(points: readonly Point[]): number {
  const step = Math.ceil(points.length / MAX_POINTS);
  const used = points.filter((_, index) => index % step === 0);
  const slopes: number[] = [];
  for (const [index, from] of used.entries())
    for (const to of used.slice(index + 1))
      if (to.x !== from.x) slopes.push((to.y - from.y) / (to.x - from.x));
  return slopes.length === 0 ? 0 : median(slopes);
}

/** The medians of the first and the last fifth. */
export function endsOf(values: readonly number[]): { readonly first: number; readonly last: number } {
  const fifth = Math.max(1, Math.floor(values.length / 5));
  return { first: median(values.slice(0, fifth)), last: median(values.slice(-fifth)) };
}

/** Judges the samples that were taken after the warm-up. */
export function judgeSamples(samples: readonly Sample[]): readonly Verdict[] {
  const processes = [
    { name: 'host', samples: samples.map(({ host }) => host) },
    ...cellsOf(samples).map((cell, index) => ({ name: `cell ${index + 1}`, samples: cell })),
  ];
  const sent = samples.map((sample) => sample.sent);
  return [
    ...processes.flatMap(({ name, samples: each }) => judgeProcess(name, each, sent)),
    judgeCount(
      'server: connections',
      samples.map(({ server }) => server.connections),
    ),
    judgeCount(
      'server: subscriptions',
      samples.map(({ server }) => server.subscriptions),
    ),
    judgeCount(
      'server: consumers',
      samples.map(({ server }) => server.consumers),
    ),
    judgeCells(samples),
  ];
}

/** The samples of each cell that lives through all of them. */
function cellsOf(samples: readonly Sample[]): readonly (readonly ProcessSample[])[] {
  return (samples[0]?.cells ?? [])
    .map(({ pid }) => samples.map(({ cells }) => cells.find((cell) => cell.pid === pid)))
    .map((cell) => cell.filter((sample) => sample !== undefined))
    .filter((cell) => cell.length === samples.length);
}

function judgeProcess(
  name: string,
  samples: readonly ProcessSample[],
  sent: readonly number[],
): readonly Verdict[] {
  const rss = samples.map((sample) => sample.rssBytes);
  const { first, last } = endsOf(rss);
  const growth = last / first - 1;
  const slope = robustSlope(rss.map((y, index) => ({ x: (sent[index] ?? 0) / 100_000, y: y / MIB })));
  const ends = `${(first / MIB).toFixed(1)} to ${(last / MIB).toFixed(1)} MiB`;
  return [
    {
      what: `${name}: RSS`,
      figure: `${ends}, ${(growth * 100).toFixed(1)} %`,
      limit: `< ${MAX_GROWTH * 100} %`,
      passed: growth < MAX_GROWTH,
    },
    {
      what: `${name}: RSS slope`,
      figure: `${slope.toFixed(2)} MiB per 100,000`,
      limit: `< ${MAX_SLOPE_MIB_PER_100K} MiB`,
      passed: slope < MAX_SLOPE_MIB_PER_100K,
    },
    judgeCount(
      `${name}: descriptors`,
      samples.map(({ descriptors }) => descriptors),
    ),
    judgeCount(
      `${name}: threads`,
      samples.map(({ threads }) => threads),
    ),
  ];
}

function judgeCount(what: string, counts: readonly number[]): Verdict {
  const { first, last } = endsOf(counts);
  return {
    what,
    figure: `${first} to ${last}`,
    limit: `± ${MAX_DRIFT}`,
    passed: Math.abs(last - first) <= MAX_DRIFT,
  };
}

/** A cell that died or was added between the first sample and the last. */
function judgeCells(samples: readonly Sample[]): Verdict {
  const pidsOf = (sample: Sample | undefined): string =>
    (sample?.cells ?? []).map(({ pid }) => pid).join(' ');
  const before = pidsOf(samples[0]);
  const after = pidsOf(samples.at(-1));
  return {
    what: 'cells',
    figure: before === after ? 'the same' : `${before} became ${after}`,
    limit: 'the same',
    passed: before === after,
  };
}
