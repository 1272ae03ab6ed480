import { median, type Unit } from '../../src/measure/index.ts';
import { quantity } from '../report/format.ts';
import { effectOfStarts } from './effect.ts';
import type { Measure } from './options.ts';
import type { Candidate } from './verdict.ts';

type FigureName = 'perSecond' | 'cpuUs' | 'p50Ms';

/** Of one window. A figure that could not be taken is missing. */
export type Figures = Readonly<Partial<Record<FigureName, number>>>;

/** A window of each commit, one right after the other. */
export interface Pair {
  readonly measure: Measure;
  /** Which start of all processes, from 0. */
  readonly start: number;
  readonly base: Figures;
  readonly head: Figures;
}

interface FigureInfo {
  readonly name: FigureName;
  readonly unit: Unit;
  readonly better: Candidate['better'];
  readonly show: (value: number | undefined) => string;
}

const figure = (name: FigureName, unit: Unit, better: Candidate['better']): FigureInfo => ({
  ...{ name, unit, better },
  show: (value) => quantity(value, unit),
});

const RATE = figure('perSecond', '1/s', 'higher');
const CPU = figure('cpuUs', 'µs', 'lower');
const UNDER_LOAD = [RATE, CPU] as const;

/** What is compared of each measure; CPU beside the rate, because neighbours on the machine disturb it less. */
export const FIGURES_OF: Readonly<Record<Measure, readonly [FigureInfo, ...FigureInfo[]]>> = {
  echo: UNDER_LOAD,
  'host-call': UNDER_LOAD,
  'kv-get': UNDER_LOAD,
  'wasm-command': UNDER_LOAD,
  cold: [figure('p50Ms', 'ms', 'lower')],
};

const TITLES: Readonly<Record<Measure, string>> = {
  echo: 'echo function, 256 in flight',
  'host-call': 'function with one host call, 256 in flight',
  'kv-get': 'function with one KV get, 256 in flight',
  'wasm-command': 'WebAssembly command, 256 in flight',
  cold: 'cold start by a pooled isolate, 5 KB',
};

/** What pairs of windows say of each figure. */
export function candidatesOfPairs(pairs: readonly Pair[]): readonly Candidate[] {
  return [...Map.groupBy(pairs, ({ measure }) => measure)].flatMap(([measure, own]) =>
    FIGURES_OF[measure].flatMap((info) => candidateOf(measure, own, info)),
  );
}

function candidateOf(
  measure: Measure,
  pairs: readonly Pair[],
  { name, unit, better }: FigureInfo,
): readonly Candidate[] {
  const complete = pairs.flatMap(({ start, base, head }) => {
    const [ofBase, ofHead] = [base[name], head[name]];
    return ofBase === undefined || ofHead === undefined ? [] : [{ start, base: ofBase, head: ofHead }];
  });
  if (complete.length === 0) return [];
  const starts = [...Map.groupBy(complete, ({ start }) => start).values()].map((own) =>
    own.map(({ base, head }) => head / base),
  );
  return [
    {
      ...{ rowId: `compare/${measure}`, title: TITLES[measure], metric: name, unit, better },
      base: median(complete.map(({ base }) => base)),
      head: median(complete.map(({ head }) => head)),
      effect: effectOfStarts(starts),
    },
  ];
}
