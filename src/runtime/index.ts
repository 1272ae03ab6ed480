export { ByteBudget } from './dispatch/byte-budget.ts';
export { DeadlineSweeper } from './dispatch/deadline-sweeper.ts';
export { DebuggerLink } from './dispatch/debugger-link.ts';
export { FunctionRunner, type RunnerDependencies } from './dispatch/function-runner.ts';
export { HeavyLane } from './dispatch/heavy-lane.ts';
export { Scheduler } from './dispatch/scheduler.ts';
export { type FunctionCode, loadFunction, shapeOf } from './dispatch/wake-instance.ts';
export type { WearLimits } from './dispatch/wear.ts';
export { CodeCache, codeCacheTag } from './isolate/code-cache.ts';
export { configureGuestHeaps } from './isolate/guest-heaps.ts';
export { GuestIsolate } from './isolate/guest-isolate.ts';
export { scriptOf } from './isolate/guest-load.ts';
export { IsolatePool, type IsolateShape } from './isolate/isolate-pool.ts';
export { buildPrelude } from './isolate/prelude.ts';
export type { EntryJournal } from './observer.ts';
export {
  type CoreFunction,
  compileModule,
  compileModuleBeside,
  type ModuleOptions,
  type WasmFunction,
} from './wasm/wasm-function.ts';
export { EnteredMark } from './watchdog/entered-mark.ts';
export { EntryGuard } from './watchdog/entry-guard.ts';
export { startWatchdog } from './watchdog/watchdog.ts';
export { BatchEncoder } from './wire/batch.ts';
export { type GuestRecord, readGuestBatch } from './wire/guest-records.ts';
