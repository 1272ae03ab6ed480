import type { InvocationEvent } from '../../control/index.ts';
import { systemClock } from '../../core/index.ts';
import type { ControlConnection } from '../shell/connection.ts';

/** What the node itself says of invocations, by the names of their functions. Disposing ends it. */
export interface InsideView extends AsyncDisposable {
  /** In the order of the invocations of each function, once so many came in all; what is late is left out. */
  take(count: number): Promise<ReadonlyMap<string, readonly InvocationEvent[]>>;
}

/** How long events may take after the replies. */
const LATE_MS = 1_000;
const POLL_MS = 10;

export async function watchInside({ client }: ControlConnection): Promise<InsideView> {
  let events = new Map<string, InvocationEvent[]>();
  let seen = 0;
  const tap = await client.tap((event) => {
    const ofFunction = events.get(event.name) ?? [];
    ofFunction.push(event);
    events.set(event.name, ofFunction);
    seen += 1;
  });
  return {
    async take(count) {
      const untilMs = systemClock.monotonicMs() + LATE_MS;
      while (seen < count && systemClock.monotonicMs() < untilMs) await systemClock.sleep(POLL_MS);
      const taken = events;
      events = new Map();
      seen = 0;
      return taken;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(tap[Symbol.asyncDispose]()),
  };
}
