import { LARGE_LOADS, type Load, type Plan } from '../plan.ts';
import { LARGE_WINDOW_MS } from './load-plan.ts';

/** Fixed rates of arrivals of one size. */
export interface OpenCurve {
  /** The closed loop that finds the most that a responder does. */
  readonly closed: Load;
  /** How often it is asked, and for how long. */
  readonly calibrations: number;
  readonly calibrationMs: number;
  /** Requests without a reply, at most; further arrivals wait, and their latency counts. */
  readonly maxOutstanding: number;
  /** Of what the closed loop reached. */
  readonly percents: readonly number[];
  readonly rounds: number;
  readonly windowMs: number;
}

/** Payloads of the usual size up to more than a responder can do, and a few rates of larger ones. */
export function openCurvesOf(plan: Plan): readonly OpenCurve[] {
  const usual: OpenCurve = {
    closed: { inFlight: 256, payloadBytes: plan.payloadBytes },
    calibrations: 3,
    calibrationMs: plan.openWindowMs,
    maxOutstanding: 1_024,
    percents: plan.openPercents,
    rounds: plan.openRounds,
    windowMs: plan.openWindowMs,
  };
  const large = LARGE_LOADS.map(
    (closed): OpenCurve => ({
      closed,
      calibrations: 1,
      calibrationMs: Math.max(plan.largeOpenWindowMs, LARGE_WINDOW_MS),
      // What waits takes memory, of which a function has so much.
      maxOutstanding: 2 * closed.inFlight,
      percents: plan.largeOpenPercents,
      rounds: plan.largeOpenRounds,
      windowMs: plan.largeOpenWindowMs,
    }),
  );
  return [usual, ...large].filter(({ percents }) => percents.length > 0);
}
