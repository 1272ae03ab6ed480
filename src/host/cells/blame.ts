import { type ErrorCode, HairspringError, KILL_REASONS } from '../../core/index.ts';
import type { Recovery } from './recovery.ts';

/**
 * What the invocations of the function hear in whose isolate the cell died; undefined when the death
 * was not the function's doing. Guest code cannot send SIGKILL: without the watchdog's reason that
 * came from outside.
 */
export function guiltyCode(killReason: number, signal: string | null): ErrorCode | undefined {
  if (killReason === KILL_REASONS.hang) return 'HS_FUNCTION_CPU';
  if (killReason === KILL_REASONS.memory) return 'HS_FUNCTION_MEMORY';
  return signal === 'SIGKILL' || signal === 'SIGTERM' ? undefined : 'HS_FUNCTION_CRASHED';
}

/**
 * The functions in one of whose isolates a cell died: one, unless several threads were inside and nothing
 * tells which of them it was. None when the cell died outside of all isolates.
 * @param killSlot of the entry that the watchdog killed the cell for
 */
export function suspectsOf(
  { enteredFunctionId, heavyFunctionIds }: Pick<Recovery, 'enteredFunctionId' | 'heavyFunctionIds'>,
  killSlot: number | undefined,
): readonly string[] {
  const bySlot = new Map(heavyFunctionIds);
  if (enteredFunctionId !== undefined) bySlot.set(0, enteredFunctionId);
  const known = killSlot === undefined ? undefined : bySlot.get(killSlot);
  return known === undefined ? [...new Set(bySlot.values())] : [known];
}

/** What the invocations of the guilty function hear. */
export function guiltyError(
  name: string | undefined,
  code: ErrorCode,
  signal: string | null,
): HairspringError {
  const subject = name ?? 'The function';
  switch (code) {
    case 'HS_FUNCTION_CPU':
      return new HairspringError(
        code,
        `${subject} held the thread beyond limits.cpu in a way that only ending its cell could stop`,
      );
    case 'HS_FUNCTION_MEMORY':
      return new HairspringError(
        code,
        `${subject} took memory outside its heap until its cell had to be ended`,
      );
    default:
      return new HairspringError(code, `${subject} brought its cell down (${signal ?? 'it exited'})`);
  }
}

/** What all others hear. */
export function lostError(): HairspringError {
  return new HairspringError(
    'HS_CELL_LOST',
    'The cell that held this invocation died; the function itself was not at fault',
  );
}
