import { type LoadWindow, type Metric, makeMetric, makeRow, type Row } from '../../src/measure/index.ts';
import { windowMetrics, windowNotes } from './load-rows.ts';

export const OBSERVATION_IN_FLIGHT = 64;

/** Each is compared with the one before it. */
export const OBSERVATION_SUBJECTS = ['echo-floor', 'echo-unobserved', 'echo-off', 'echo-on'] as const;
export type ObservationSubject = (typeof OBSERVATION_SUBJECTS)[number];
/** Servers, with a host each: all but the floor. */
export const OBSERVED_SITES = OBSERVATION_SUBJECTS.length - 1;

const TITLES: Readonly<Record<ObservationSubject, string>> = {
  'echo-floor': 'bare nats.js echo (floor)',
  'echo-unobserved': 'echo function, the observer taken out of the code',
  'echo-off': 'echo function, observation off (the default)',
  'echo-on': 'echo function, traces and metrics on',
};

export interface ObservationWindow extends LoadWindow {
  readonly round: number;
  readonly subject: ObservationSubject;
}

/** What became of the spans of the node that makes them, in all windows and before. */
export interface SpanCounts {
  readonly invocations: number;
  readonly dropped: number;
  /** Requests that the collector took. */
  readonly exports: number;
}

/** A row for each subject, with its rate and CPU over those of the one before in the same round. */
export function observationRows(windows: readonly ObservationWindow[], spans: SpanCounts): readonly Row[] {
  return OBSERVATION_SUBJECTS.map((subject, index) => {
    const own = windows.filter((window) => window.subject === subject);
    const answered = own.filter(({ requests }) => requests > 0);
    const before = index < 2 ? undefined : OBSERVATION_SUBJECTS[index - 1];
    const floor = index === 0 ? undefined : OBSERVATION_SUBJECTS[0];
    return makeRow({
      group: 'observation',
      subject,
      title: TITLES[subject],
      params: { inFlight: OBSERVATION_IN_FLIGHT },
      n: own.reduce((sum, { requests }) => sum + requests, 0),
      metrics:
        answered.length === 0
          ? []
          : [
              ...windowMetrics(answered),
              ...over('ratio', answered, windows, floor, rateOf),
              ...over('rateToBefore', answered, windows, before, rateOf),
              ...over('cpuToBefore', answered, windows, before, cpuOf),
            ],
      notes: [...windowNotes(own), ...(subject === 'echo-on' ? spanNotes(spans) : [])],
    });
  });
}

type Figure = (window: LoadWindow) => number;
const rateOf: Figure = ({ perSecond }) => perSecond;
const cpuOf: Figure = ({ cpu, perSecond }) => (cpu === null ? Number.NaN : cpu.responder / perSecond);

/** One figure over that of another subject, round by round; none where a figure is missing. */
function over(
  name: string,
  own: readonly ObservationWindow[],
  all: readonly ObservationWindow[],
  other: ObservationSubject | undefined,
  figure: Figure,
): readonly Metric[] {
  const ratios = own.flatMap((window) => {
    const base = all.find(({ subject, round }) => subject === other && round === window.round);
    return base === undefined ? [] : [figure(window) / figure(base)];
  });
  if (ratios.length === 0 || !ratios.every(Number.isFinite)) return [];
  return [makeMetric(name, 'ratio', figure === rateOf ? 'higher' : 'lower', ratios)];
}

function spanNotes({ invocations, dropped, exports }: SpanCounts): readonly string[] {
  const count = (value: number): string => value.toLocaleString('en-US');
  return [
    `Of ${count(invocations)} traced invocations ${count(dropped)} spans were dropped and counted, because queues are bounded; the collector took ${count(exports)} exports`,
  ];
}
