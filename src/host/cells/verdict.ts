import type { Clock, HairspringError, Logger } from '../../core/index.ts';
import { guiltyCode, guiltyError, lostError, suspectsOf } from './blame.ts';
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
    const recovered = dead.recover();
    const code = guiltyCode(dead.cell.journal.killReason, exit.signal);
    const suspects = code === undefined ? [] : suspectsOf(recovered, dead.cell.journal.killSlot);
    logger.warn('A cell died', {
      namespace,
      pid: dead.cell.pid,
      signal: exit.signal ?? '',
      function: suspects.map((id) => nameOf(id) ?? '').join(' or '),
      open: recovered.open.length,
      stderr: exit.stderr,
    });
    if (code === undefined) return { guiltyId: undefined, error: lostError() };
    // One of several: each is held to it in part, so that none can hide behind another for ever.
    for (const id of suspects) {
      const name = nameOf(id);
      if (name === undefined) continue;
      const reason = suspensions.count(id, code, clock.monotonicMs(), 1 / suspects.length);
      if (reason !== undefined) logger.error('A function is suspended', { function: name, reason });
    }
    const [guiltyId, ...others] = suspects;
    if (guiltyId === undefined || others.length > 0) return { guiltyId: undefined, error: lostError() };
    return { guiltyId, error: guiltyError(nameOf(guiltyId), code, exit.signal) };
  };
}
