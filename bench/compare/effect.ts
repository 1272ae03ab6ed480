import { median } from '../../src/measure/index.ts';

/** By how much one commit differs from another in one figure, and how sure that is. All in logarithms of ratios. */
export interface Effect {
  readonly logRatio: number;
  readonly standardError: number;
  /** What the standard error rests on. */
  readonly degreesOfFreedom: number;
}

/**
 * How far figures of one commit differ from start to start, as a share: address layout, what the compiler optimized
 * first, where the scheduler put a process. One file holds one start, so two files cannot show it.
 */
export const BETWEEN_STARTS = 0.03;

/** With so many degrees of freedom Student's distribution is the normal one. */
const AS_GOOD_AS_NORMAL = 10_000;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of the mean of the values. */
function squaredError(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return squares / (values.length - 1) / values.length;
}

/**
 * Of pairs of windows, head over base, measured in turns: a list for each start of the processes. What starts have in
 * common is one value each, because windows of one start are not independent of each other.
 * @returns undefined when there are fewer than two starts or a figure has no logarithm
 */
export function effectOfStarts(starts: readonly (readonly number[])[]): Effect | undefined {
  const values = starts.map((ratios) => median(ratios.map(Math.log)));
  if (values.length < 2 || !values.every(Number.isFinite)) return undefined;
  return {
    logRatio: mean(values),
    standardError: Math.sqrt(squaredError(values)),
    degreesOfFreedom: values.length - 1,
  };
}

/**
 * Of the rounds of two runs that know nothing of each other (Welch's test, with what starts differ by beside what
 * rounds do).
 * @returns undefined when a run has fewer than two rounds or a figure has no logarithm
 */
export function effectOfRounds(base: readonly number[], head: readonly number[]): Effect | undefined {
  const logs = [base.map(Math.log), head.map(Math.log)] as const;
  if (logs.some((values) => values.length < 2 || !values.every(Number.isFinite))) return undefined;
  const [ofBase, ofHead] = [squaredError(logs[0]), squaredError(logs[1])];
  const variance = ofBase + ofHead + 2 * BETWEEN_STARTS ** 2;
  const uncertainty = ofBase ** 2 / (base.length - 1) + ofHead ** 2 / (head.length - 1);
  return {
    logRatio: mean(logs[1]) - mean(logs[0]),
    standardError: Math.sqrt(variance),
    degreesOfFreedom: Math.min(variance ** 2 / uncertainty, AS_GOOD_AS_NORMAL),
  };
}
