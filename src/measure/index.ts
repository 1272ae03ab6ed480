export { type Child, type ChildSettings, type CommandMap, scriptBeside, startChild } from './child.ts';
export { ClosedLoop, type ClosedLoopOptions, type ReplyCheck } from './closed-loop.ts';
export { connectPlain } from './connect-plain.ts';
export type { LoadCpu, LoadPids } from './cpu-window.ts';
export { Histogram } from './histogram.ts';
export {
  encodeRequest,
  fieldOf,
  HttpConnection,
  type HttpReply,
  type HttpRequest,
} from './http-connection.ts';
export { HttpLoop } from './http-loop.ts';
export { type HttpSlotsOptions, httpSlots } from './http-slots.ts';
export {
  type CountedCodes,
  type HttpTarget,
  type LoadProcessCommands,
  startEchoProcess,
  startHttpEchoProcess,
  startLoadProcess,
  type Target,
  type TimedRequest,
} from './load-commands.ts';
export { type LoadWindow, type Loop, measureWindow } from './load-window.ts';
export { type MessageSlotsOptions, messageSlots } from './message-slots.ts';
export { measureOpenWindow, type OpenLoadWindow } from './open-load-window.ts';
export { type OpenLoopOptions, type OpenLoopResult, runOpenLoop } from './open-loop.ts';
export { cpuSeconds, rssBytes, sumOver } from './processes.ts';
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
export { childOptions, type Handlers, serveParent } from './serve-parent.ts';
export { median, percentile, spread } from './statistics.ts';
