import type { Clock } from '../../core/index.ts';

/** How often is looked whether it is time. */
const LOOK_MS = 10_000;
const LOOKS = 8;

export interface Renewal {
  readonly clock: Clock;
  readonly periodMs: number;
  /** Whether it is time before the period is over. */
  readonly isDue: () => boolean;
  readonly renew: () => void;
}

/**
 * Calls `renew` each `periodMs` of the wall clock, by which credentials expire: timers stand still while a machine
 * sleeps. The result ends it.
 */
export function renewEvery({ clock, periodMs, isDue, renew }: Renewal): () => void {
  let renewedMs = clock.now();
  return clock.every(Math.min(periodMs / LOOKS, LOOK_MS), () => {
    if (clock.now() - renewedMs < periodMs && !isDue()) return;
    renewedMs = clock.now();
    renew();
  });
}
