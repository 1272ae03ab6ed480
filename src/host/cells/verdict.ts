import type { Clock, HairspringError, Logger } from '../../core/index.ts';
import { guiltyCode, guiltyError, lostError } from './blame.ts';
import type { BoundCell } from './bound-cell.ts';
import type { CellExit } from './cell-process.ts';
import type { Suspensions } from './suspensions.ts';

/** Whose fault a death was, and what the callers of that function hear. */
export interface Verdict {
  readonly guiltyId: string | undefined;
  readonly error: HairspringError;
}

/** Holds a death against the function that caused it. */
export type Judge = (dead: BoundCell, exit: CellExit) => Verdict;

export interface JudgeOptions {
  readonly namespace: string;
  readonly suspensions: Suspensions;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of a function that is deployed. */
  readonly nameOf: (functionId: string) => string | undefined;
}

export function createJudge({ namespace, suspensions, clock, logger, nameOf }: JudgeOptions): Judge {
  return (dead, exit) => {
    const { enteredFunctionId, open } = dead.recover();
    const code = guiltyCode(dead.cell.journal.killReason, exit.signal);
    const guiltyId = code === undefined ? undefined : enteredFunctionId;
    const name = guiltyId === undefined ? undefined : nameOf(guiltyId);
    logger.warn('A cell died', {
      namespace,
      pid: dead.cell.pid,
      signal: exit.signal ?? '',
      function: name ?? '',
      open: open.length,
      stderr: exit.stderr,
    });
    if (code === undefined || guiltyId === undefined) return { guiltyId: undefined, error: lostError() };
    const reason = name === undefined ? undefined : suspensions.count(guiltyId, code, clock.monotonicMs());
    if (reason !== undefined) logger.error('A function is suspended', { function: name, reason });
    return { guiltyId, error: guiltyError(name, code, exit.signal) };
  };
}
