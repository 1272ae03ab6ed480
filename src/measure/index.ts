export { ClosedLoop, type ClosedLoopOptions, type ReplyCheck } from './closed-loop.ts';
export { Histogram } from './histogram.ts';
export { cpuSeconds, machineCpuSeconds, rssBytes, sumOver } from './processes.ts';
export { median, percentile, spread } from './statistics.ts';
