export { startTelemetry } from './start-telemetry.ts';
export type { CellReports, RecordedCall, TelemetryOptions } from './types.ts';
