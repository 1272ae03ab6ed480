import type { ColdReason, ErrorCode, FunctionSpec, Invocation } from '../core/index.ts';

export interface FinishedInvocation {
  readonly invocation: Invocation;
  readonly status: 'ok' | ErrorCode;
  readonly durationMs: number;
  /** Present when this invocation made the instance. */
  readonly coldMs: number | undefined;
  /** Why it had to; present with `coldMs`. */
  readonly coldReason: ColdReason | undefined;
  readonly replyBytes: number;
}

/** What the runtime tells about itself. Methods must not throw. */
export interface RuntimeObserver {
  onFinished(spec: FunctionSpec, finished: FinishedInvocation): void;
  /** A line that the function logged, or that the runtime says about it. */
  onLog(spec: FunctionSpec, level: string, text: string): void;
}

/** Writes down what is in an isolate, so that the host can answer for a cell that died. */
export interface EntryJournal {
  /** The isolate of `functionId` is about to be entered; `started` begin with this entry. */
  enter(functionId: string, started: readonly Invocation[]): void;
  leave(): void;
  /** The same on a thread of the heavy lane. */
  enterHeavy(slot: number, functionId: string, started: readonly Invocation[]): void;
  leaveHeavy(slot: number): void;
}
