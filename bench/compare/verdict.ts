import type { Effect } from './effect.ts';
import { criticalT, twoSidedP } from './student.ts';

/** What can be said of one figure of two commits. */
export type Verdict = 'better' | 'worse' | 'same' | 'too noisy to tell';

/** One figure of one row, at two commits. */
export interface Candidate {
  readonly rowId: string;
  readonly title: string;
  readonly metric: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly base: number;
  readonly head: number;
  /** Undefined where there is too little to work one out of. */
  readonly effect: Effect | undefined;
}

export interface Comparison extends Omit<Candidate, 'effect'> {
  /** Head over base, less 1. */
  readonly change: number;
  /** Where `change` lies with 95 % confidence; null where nobody knows. */
  readonly low: number | null;
  readonly high: number | null;
  /** How likely chance alone shows such a change in any of the figures compared (Holm's correction). */
  readonly p: number;
  readonly verdict: Verdict;
}

export interface JudgeOptions {
  /** Smaller changes are of no interest. @default 0.05 */
  readonly minChange?: number;
}

/** In one of so many comparisons chance alone is taken for a change. */
export const FALSE_ALARMS = 0.02;
const MIN_CHANGE = 0.05;
/** Two figures are the same when they differ by less than this many smallest changes for sure. */
const SAME_WITHIN = 2;
/** Below the resolution of every clock; keeps figures that never vary from dividing by zero. */
const SMALLEST_ERROR = 1e-6;

/** Judges all figures together: the more of them are compared, the more each has to show. */
export function judgeAll(
  candidates: readonly Candidate[],
  { minChange = MIN_CHANGE }: JudgeOptions = {},
): readonly Comparison[] {
  const effects = candidates.map(({ effect }) => effect).filter((effect) => effect !== undefined);
  const chances = holm(effects.map(chanceOf));
  return candidates.map(({ effect, ...rest }) => {
    if (effect === undefined) {
      const change = rest.head / rest.base - 1;
      return { ...rest, change, low: null, high: null, p: 1, verdict: 'too noisy to tell' };
    }
    const p = chances[effects.indexOf(effect)] ?? 1;
    const margin = criticalT(0.05, effect.degreesOfFreedom) * errorOf(effect);
    const change = Math.expm1(effect.logRatio);
    const low = Math.expm1(effect.logRatio - margin);
    const high = Math.expm1(effect.logRatio + margin);
    const within = SAME_WITHIN * minChange;
    let verdict: Verdict = 'too noisy to tell';
    if (p <= FALSE_ALARMS && Math.abs(change) >= minChange)
      verdict = change > 0 === (rest.better === 'higher') ? 'better' : 'worse';
    else if (low > -within && high < within) verdict = 'same';
    return { ...rest, change, low, high, p, verdict };
  });
}

const errorOf = ({ standardError }: Effect): number => Math.max(standardError, SMALLEST_ERROR);

function chanceOf(effect: Effect): number {
  return twoSidedP(effect.logRatio / errorOf(effect), effect.degreesOfFreedom);
}

/** Holm's step-down correction: the chance that any of the figures looks so by accident. */
function holm(chances: readonly number[]): readonly number[] {
  const ordered = chances.map((p, index) => ({ p, index })).toSorted((a, b) => a.p - b.p);
  const corrected = new Array<number>(chances.length).fill(1);
  let highest = 0;
  for (const [rank, { p, index }] of ordered.entries()) {
    highest = Math.max(highest, Math.min(1, p * (chances.length - rank)));
    corrected[index] = highest;
  }
  return corrected;
}
