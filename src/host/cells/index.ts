export type { InspectSession } from './cell-process.ts';
export { CellSupervisor } from './cell-supervisor.ts';
