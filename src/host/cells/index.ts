export { CellSupervisor } from './cell-supervisor.ts';
