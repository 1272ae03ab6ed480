import { cpus } from 'node:os';
import { metricOf, type Row, spread } from '../../measure/index.ts';

/** How far the machine was from giving the same figures twice. */
export interface Noise {
  /** How far the rates of the bare echo lay apart: (largest − smallest) / median, at the level where most. */
  readonly floorSpread: number;
  /** Of processes that take no part; null where the system does not say. */
  readonly othersCores: number | null;
  readonly cores: number;
  /** Whether budgets close to what was measured may be kept in one run and missed in the next. */
  readonly isNoisy: boolean;
}

const MAX_SPREAD = 0.25;
const MAX_OTHERS_SHARE = 0.2;

/** Judged by the floor, which is the same program in every run. */
export function noiseOf(rows: readonly Row[]): Noise {
  const floors = rows.filter(({ group, subject }) => group === 'load' && subject === 'floor');
  const rates = floors.flatMap(({ metrics }) => metrics.filter(({ name }) => name === 'perSecond'));
  const floorSpread = Math.max(0, ...rates.map(({ rounds }) => spread(rounds)));
  const others = floors.flatMap((row) => metricOf(row, 'coresOthers') ?? []);
  const othersCores = others.length === 0 ? null : Math.max(...others);
  const cores = cpus().length;
  const isNoisy = floorSpread > MAX_SPREAD || (othersCores ?? 0) > MAX_OTHERS_SHARE * cores;
  return { floorSpread, othersCores, cores, isNoisy };
}

export function describeNoise({ floorSpread, othersCores, cores }: Noise): string {
  const others =
    othersCores === null ? '' : `; other processes took ${othersCores.toFixed(1)} of ${cores} cores`;
  return `the bare echo's rate lay ${Math.round(floorSpread * 100)} % apart between rounds${others}`;
}
