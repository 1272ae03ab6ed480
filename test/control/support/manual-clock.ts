import type { Clock } from '../../../src/core/index.ts';

export interface ManualClock extends Clock {
  /** Moves time on and runs what falls due on the way, in order. */
  advance(ms: number): void;
}

interface Timer {
  atMs: number;
  readonly periodMs: number | undefined;
  readonly action: () => void;
}

/** A clock that stands still until told; it begins at 2030-01-01. */
export function createManualClock(): ManualClock {
  const epochMs = Date.UTC(2030, 0, 1);
  const timers = new Set<Timer>();
  let elapsedMs = 0;

  function add(delayMs: number, periodMs: number | undefined, action: () => void): () => void {
    const timer: Timer = { atMs: elapsedMs + delayMs, periodMs, action };
    timers.add(timer);
    return () => timers.delete(timer);
  }

  return {
    now: () => epochMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after: (delayMs, action) => add(delayMs, undefined, action),
    every: (periodMs, action) => add(periodMs, periodMs, action),
    sleep: (delayMs) => new Promise((resolve) => add(delayMs, undefined, resolve)),
    advance(ms) {
      const untilMs = elapsedMs + ms;
      for (;;) {
        const [next] = [...timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        elapsedMs = next.atMs;
        if (next.periodMs === undefined) timers.delete(next);
        else next.atMs += next.periodMs;
        next.action();
      }
      elapsedMs = untilMs;
    },
  };
}
