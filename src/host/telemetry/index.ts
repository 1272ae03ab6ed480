export { startTelemetry } from './start-telemetry.ts';
export type { CellReports, TelemetryOptions } from './types.ts';
