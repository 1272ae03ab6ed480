import type { Clock, ErrorCode, HairspringError, Logger } from '../../core/index.ts';
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
    const recovered = dead.recovered;
    const code = guiltyCode(dead.cell.journal.killReason, exit.signal);
    const suspects = code === undefined ? [] : suspectsFor(code, dead);
    logger.warn('A cell died', {
      namespace,
      pid: dead.cell.pid,
      signal: exit.signal ?? '',
      code: code ?? '',
      function: suspects.map((id) => nameOf(id) ?? '').join(' or '),
      open: recovered.open.length,
      stderr: exit.stderr,
    });
    if (code === undefined) return { guiltyId: undefined, error: lostError() };
    // One of several: each is held to it in part, so that none can hide behind another for ever.
    for (const id of suspects) {
      const name = nameOf(id);
      if (name === undefined) continue;
      const sentence = suspensions.count(id, code, clock.monotonicMs(), 1 / suspects.length);
      if (sentence !== undefined)
        logger.error(`A function is ${sentence.state}`, { function: name, reason: sentence.reason });
    }
    const [guiltyId, ...others] = suspects;
    if (guiltyId === undefined || others.length > 0) return { guiltyId: undefined, error: lostError() };
    return { guiltyId, error: guiltyError(nameOf(guiltyId), code, exit.signal) };
  };
}

/** Memory is often taken by another function than the one that is inside when the limit is passed. */
function suspectsFor(code: ErrorCode, dead: BoundCell): readonly string[] {
  const culpritId = code === 'HS_FUNCTION_MEMORY' ? dead.memoryCulpritId : undefined;
  return culpritId === undefined ? suspectsOf(dead.recovered, dead.cell.journal.killSlot) : [culpritId];
}
