import type { Row } from '../../../src/measure/index.ts';
import type { Chart } from './chart.ts';
import { coldChart, peerColdChart } from './cold.ts';
import { memoryChart, wakeChart } from './density.ts';
import { cpuChart, openLoopChart, throughputChart } from './load.ts';

export type { Chart } from './chart.ts';

/** In the order in which a report shows them. */
const CHARTS = [peerColdChart, coldChart, cpuChart, throughputChart, openLoopChart, memoryChart, wakeChart];

/** Those that the run measured enough for. */
export function chartsOf(rows: readonly Row[]): readonly Chart[] {
  return CHARTS.map((make) => make(rows)).filter((chart) => chart !== undefined);
}
