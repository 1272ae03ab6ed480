import { type Row, spread } from '../../src/measure/index.ts';

/** Of the rounds of a row. */
export const NOISY_SPREAD = 0.25;
export const NOISY_OTHERS_CORES = 0.15;
/** Of the rows of a kind: where more are noisy the run as a whole is. */
const NOISY_SHARE = 0.5;

export const LOAD_GROUPS: readonly Row['group'][] = [
  'load',
  'open-loop',
  'observation',
  'fairness',
  'peer-load',
  'cells',
];
export const START_GROUPS: readonly Row['group'][] = ['cold', 'peer-cold'];

export function roundsOf(row: Row, metric: string): readonly number[] {
  return row.metrics.find((one) => one.name === metric)?.rounds ?? [];
}

/** Rows whose rounds lie far apart. */
export function unevenRows(rows: readonly Row[], metric: string): readonly Row[] {
  return rows.filter((row) => spread(roundsOf(row, metric)) > NOISY_SPREAD);
}

/** Rows in whose rounds other programs took processors. */
export function crowdedRows(rows: readonly Row[]): readonly Row[] {
  return rows.filter((row) => Math.max(...roundsOf(row, 'coresOthers')) > NOISY_OTHERS_CORES);
}

/** Why a run as a whole is too noisy to be a result; nothing when it is not. */
export function noiseOf(rows: readonly Row[]): readonly string[] {
  const loads = rows.filter(({ group }) => LOAD_GROUPS.includes(group));
  const starts = rows.filter(({ group }) => START_GROUPS.includes(group));
  const far = `have rounds that differ by more than ${100 * NOISY_SPREAD} %`;
  return [
    ...reason(unevenRows(loads, 'perSecond'), withRounds(loads, 'perSecond'), `rows of loads ${far}`),
    ...reason(unevenRows(starts, 'p50Ms'), withRounds(starts, 'p50Ms'), `rows of cold starts ${far}`),
    ...reason(
      crowdedRows(loads),
      loads.filter((row) => roundsOf(row, 'coresOthers').length > 0),
      `rows of loads have rounds in which other programs took more than ${NOISY_OTHERS_CORES} cores`,
    ),
  ];
}

/** One round alone says nothing of noise. */
function withRounds(rows: readonly Row[], metric: string): readonly Row[] {
  return rows.filter((row) => roundsOf(row, metric).length > 1);
}

function reason(noisy: readonly Row[], all: readonly Row[], text: string): readonly string[] {
  return noisy.length > NOISY_SHARE * all.length ? [`${noisy.length} of ${all.length} ${text}`] : [];
}
