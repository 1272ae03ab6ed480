import type { TimedRequest, WrongReply } from './load-commands.ts';
import type { Loop } from './load-window.ts';
import type { OpenSlotsOf } from './open-slots.ts';

/** Beginning of a wrong reply that is told. */
export const WRONG_CHARS = 300;

/** How requests of one transport are sent. Disposing closes its connections. */
export interface Requests<Target> extends AsyncDisposable {
  /** Keeps `inFlight` requests under way. @param onWrong gets the code of each error reply */
  startLoop(target: Target, inFlight: number, onWrong: (code: string) => void): Promise<Loop>;
  /** Places for requests of an open loop. @param onWrong gets the code of each error reply */
  slots(target: Target, onWrong: (code: string) => void): OpenSlotsOf;
  /** One request, of which all but itself is done before the clock starts. */
  timeOne(target: Target): Promise<TimedRequest>;
}

/** @param ask sends it. @returns what is wrong with the reply */
export async function timed(ask: () => Promise<WrongReply | null>): Promise<TimedRequest> {
  const startedMs = performance.now();
  try {
    const wrong = await ask();
    return { ms: performance.now() - startedMs, wrong };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { ms: performance.now() - startedMs, wrong: { code: undefined, text } };
  }
}
