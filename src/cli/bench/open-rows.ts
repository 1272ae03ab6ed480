import { type Metric, makeMetric, makeRow, type OpenLoadWindow, type Row } from '../../measure/index.ts';

/** One rate in one round. */
export type OpenRound = {
  readonly round: number;
  /** Of the most that a closed loop found. */
  readonly percent: number;
  /** Arrivals. */
  readonly perSecond: number;
} & ({ readonly window: OpenLoadWindow } | { readonly refused: string });

/** What a rate has to keep to be below the knee. */
const ANSWERED_SHARE = 0.99;
/** By so much p99 may be above that of the lowest rate. */
const MORE_P99_MS = 20;
/** Above this, at p99, the generator itself adds to what it measures. */
const LATE_GENERATOR_US = 2_000;

const SUBJECT = 'function';
const GROUP = 'open-loop';

/** A row for each rate, and one for the knee. */
export function openRows(rounds: readonly OpenRound[], places: number): readonly Row[] {
  const rates = [...Map.groupBy(rounds, ({ percent }) => percent)];
  const rows = rates.map(([percent, ofRate]) => rateRow(percent, ofRate));
  return rounds.length === 0 ? [] : [...rows, kneeRow(rounds, places)];
}

const windowsOf = (rounds: readonly OpenRound[]): readonly OpenLoadWindow[] =>
  rounds.flatMap((round) => ('window' in round ? [round.window] : []));

function rateRow(percent: number, rounds: readonly OpenRound[]): Row {
  const windows = windowsOf(rounds);
  const of = (
    name: string,
    unit: Metric['unit'],
    better: Metric['better'],
    pick: (w: OpenLoadWindow) => number,
  ) => makeMetric(name, unit, better, windows.map(pick));
  const max = windows.map(({ maxUs }) => maxUs / 1_000);
  const offered = rounds.map(({ perSecond }) => perSecond);
  return makeRow({
    group: GROUP,
    subject: SUBJECT,
    title: `${percent} % of its most`,
    params: { percentOfMax: percent },
    n: windows.reduce((sum, { requests }) => sum + requests, 0),
    metrics: [
      makeMetric('offeredPerSecond', '1/s', undefined, offered),
      ...(windows.length === 0
        ? []
        : [
            of('perSecond', '1/s', 'higher', ({ perSecond }) => perSecond),
            of('p50Ms', 'ms', 'lower', ({ p50Us }) => p50Us / 1_000),
            of('p95Ms', 'ms', 'lower', ({ p95Us }) => p95Us / 1_000),
            of('p99Ms', 'ms', 'lower', ({ p99Us }) => p99Us / 1_000),
            makeMetric('maxMs', 'ms', 'lower', max, Math.max(...max)),
            of('heldCount', 'count', undefined, ({ held }) => held),
          ]),
    ],
  });
}

/** What is to be known of the rates, once for all of them. */
function notesOf(rounds: readonly OpenRound[], places: number): readonly string[] {
  const lowestOf = (is: (round: OpenRound) => boolean): number | undefined => {
    const percents = rounds.filter(is).map(({ percent }) => percent);
    return percents.length === 0 ? undefined : Math.min(...percents);
  };
  const refused = lowestOf((round) => 'refused' in round);
  const held = lowestOf((round) => 'window' in round && round.window.held > 0);
  const late = lowestOf((round) => 'window' in round && round.window.lagP99Us > LATE_GENERATOR_US);
  const codes = new Set(rounds.flatMap((round) => ('refused' in round ? [round.refused] : [])));
  const from = (percent: number): string => `at fixed rates, from ${percent} % of its most on`;
  return [
    ...(refused === undefined ? [] : [`${from(refused)} the function answers with ${[...codes].join(', ')}`]),
    ...(held === undefined
      ? []
      : [
          `${from(held)} arrivals waited while ${places.toLocaleString('en')} had no reply; it counts as latency`,
        ]),
    ...(late === undefined ? [] : [`${from(late)} the load generator was late itself`]),
  ];
}

/** The highest rate of each round up to which all were answered in time. */
function kneeRow(rounds: readonly OpenRound[], places: number): Row {
  const knees = [...Map.groupBy(rounds, ({ round }) => round).values()].map((ofRound) => {
    const first = ofRound[0];
    const lowestP99Us = first !== undefined && 'window' in first ? first.window.p99Us : 0;
    const beyond = ofRound.findIndex((round) => !keeps(round, lowestP99Us));
    return ofRound.slice(0, beyond === -1 ? undefined : beyond).at(-1)?.perSecond ?? 0;
  });
  return makeRow({
    group: GROUP,
    subject: SUBJECT,
    title: `the knee: ${ANSWERED_SHARE * 100} % answered, and p99 at most ${MORE_P99_MS} ms above that of the lowest rate`,
    params: { point: 'knee' },
    n: windowsOf(rounds).reduce((sum, { requests }) => sum + requests, 0),
    metrics: [makeMetric('kneePerSecond', '1/s', 'higher', knees)],
    notes: notesOf(rounds, places),
  });
}

function keeps(round: OpenRound, lowestP99Us: number): boolean {
  if (!('window' in round)) return false;
  const { window, perSecond } = round;
  // What is under way when the window ends is not late; the shorter the window, the more of it that is.
  const underWay = 1 + perSecond * (window.p99Us / 1e6);
  const answered = (window.perSecond * window.seconds + underWay) / (perSecond * window.seconds);
  return answered >= ANSWERED_SHARE && window.p99Us <= lowestP99Us + MORE_P99_MS * 1_000;
}
