import type { Invocation } from '../core/index.ts';

/** Writes down what is in an isolate, so that the host can answer for a cell that died. */
export interface EntryJournal {
  /** The isolate of `functionId` is about to be entered; `started` begin with this entry. */
  enter(functionId: string, started: readonly Invocation[]): void;
  leave(): void;
  /** The same on a thread of the heavy lane. */
  enterHeavy(slot: number, functionId: string, started: readonly Invocation[]): void;
  leaveHeavy(slot: number): void;
}
