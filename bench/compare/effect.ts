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

/** As many starts the expectation of how far starts lie apart counts for. Few starts know little of their own spread. */
const EXPECTATION_STARTS = 4;
/** The variance of a median of normal values over that of their mean. */
const MEDIAN_VARIANCE = Math.PI / 2;
/** The standard deviation of normal values over the median of their distances. */
const DISTANCE_TO_DEVIATION = 1.4826;

/**
 * Of pairs of windows, head over base, measured in turns: a list for each start of the processes. Windows of one start
 * are not independent of each other, so a start is one value, the median of its windows. How far starts lie apart is
 * what these values show, moderated by what is to be expected: {@link BETWEEN_STARTS} of each commit, and the windows'
 * own noise.
 * @returns undefined when there are fewer than two starts or a figure has no logarithm
 */
export function effectOfStarts(starts: readonly (readonly number[])[]): Effect | undefined {
  const logs = starts.map((ratios) => ratios.map(Math.log));
  const values = logs.map(median);
  if (values.length < 2 || !values.every(Number.isFinite)) return undefined;
  const ownDegrees = values.length - 1;
  const ownVariance = squaredError(values) * values.length;
  const expected = 2 * BETWEEN_STARTS ** 2 + windowVariance(logs, values);
  const degreesOfFreedom = EXPECTATION_STARTS + ownDegrees;
  const variance = (EXPECTATION_STARTS * expected + ownDegrees * ownVariance) / degreesOfFreedom;
  return {
    logRatio: mean(values),
    standardError: Math.sqrt(variance / values.length),
    degreesOfFreedom,
  };
}

/** What the noise of windows adds to the variance of the median of a start; a ruined window does not move it. */
function windowVariance(starts: readonly (readonly number[])[], medians: readonly number[]): number {
  const windows = starts[0]?.length ?? 0;
  if (windows < 2) return 0;
  const distances = starts.flatMap((logs, start) =>
    logs.map((value) => Math.abs(value - (medians[start] ?? Number.NaN))),
  );
  const deviation = DISTANCE_TO_DEVIATION * median(distances) * Math.sqrt(windows / (windows - 1));
  return (MEDIAN_VARIANCE * deviation ** 2) / windows;
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
