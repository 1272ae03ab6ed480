export { ClosedLoop, type ClosedLoopOptions, type ReplyCheck } from './closed-loop.ts';
export { Histogram } from './histogram.ts';
export { type OpenLoopOptions, type OpenLoopResult, runOpenLoop } from './open-loop.ts';
export { cpuSeconds, cpuSecondsWithChildren, machineCpuSeconds, rssBytes, sumOver } from './processes.ts';
export {
  type Metric,
  makeMetric,
  makeRow,
  metricOf,
  ROW_GROUPS,
  type Row,
  type RowGroup,
  type Unit,
} from './rows.ts';
export { median, percentile, spread } from './statistics.ts';
