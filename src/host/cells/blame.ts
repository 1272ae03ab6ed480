import { type ErrorCode, HairspringError, KILL_REASONS } from '../../core/index.ts';

/** How many deaths within the window suspend the function that caused them. */
export const KILLS_TO_SUSPEND = 5;
const WINDOW_MS = 60_000;

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

/** Remembers which functions killed cells lately. */
export class KillCounter {
  readonly #kills = new Map<string, number[]>();

  /** @returns whether the function has now killed so often that it must be suspended */
  add(functionId: string, nowMs: number): boolean {
    const recent = (this.#kills.get(functionId) ?? []).filter((at) => nowMs - at < WINDOW_MS);
    recent.push(nowMs);
    this.#kills.set(functionId, recent);
    return recent.length >= KILLS_TO_SUSPEND;
  }

  forget(functionId: string): void {
    this.#kills.delete(functionId);
  }
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
