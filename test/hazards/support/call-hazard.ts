/** The callers of a hazard. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../../support/load.ts';

/** Called at once; more of one hazard's calls wait for these. */
const AT_ONCE = 4;
/** What comes of a call that did not reach it: its cell has died, and a new one is started. */
const UNREACHED: ReadonlySet<string> = new Set(['no responders', 'HS_CELL_LOST']);
/** When it is not reached for so long it is suspended. */
const AWAY_MS = 3_000;
const ASK_AGAIN_MS = 50;

/**
 * Each call has its number as its payload, and begins anew after `kinds` of them; one that does not reach the function
 * is made again.
 */
export async function callHazard(
  call: (payload: string) => Promise<Answer>,
  calls: number,
  kinds: number,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  let isGone = false;
  const heard = async (payload: string): Promise<void> => {
    const untilMs = performance.now() + AWAY_MS;
    for (;;) {
      const answer = await call(payload);
      answers.push(answer);
      if (!UNREACHED.has(answer.outcome) || isGone) return;
      isGone = performance.now() > untilMs;
      await sleep(ASK_AGAIN_MS);
    }
  };
  const lane = async (): Promise<void> => {
    while (next < calls) {
      const index = next;
      next += 1;
      await heard(String(index % kinds));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return answers;
}

/** A reply that does not say so is an escape, and is shown as it is. */
export function outcomeOf({ outcome, text }: Answer): string {
  if (outcome !== 'ok' || /^\[?"?contained/.test(text)) return outcome;
  return `ok with ${text === '' ? 'nothing' : text.slice(0, 120)}`;
}
