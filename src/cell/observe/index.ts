export type { FunctionGauge } from './cell-metrics.ts';
export { type CellGauges, createObservation, type Observation } from './observation.ts';
