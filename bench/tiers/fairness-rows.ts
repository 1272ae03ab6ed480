import {
  type LoadWindow,
  type Metric,
  makeMetric,
  makeRow,
  type OpenLoadWindow,
  type Row,
  type Unit,
} from '../../src/measure/index.ts';
import { highest } from './latency.ts';
import { failureNotes } from './load-rows.ts';
import { lateNotes } from './open-loop-rows.ts';

/** At which the quiet function is asked, whatever its neighbour does. */
export const QUIET_PER_SECOND = 200;
/** A neighbour is asked for so much longer, so that it is busy in all of the window. */
export const BESIDE_MS = 200;

/** What the quiet function has beside it. */
export interface Neighbour {
  readonly id: string;
  readonly title: string;
  readonly inFlight: number;
  /** What each of its calls computes; undefined for the echo. */
  readonly spinMs?: number;
  /** Of its own, and so in another cell: what it costs to share the processors only. @default in the same cell */
  readonly namespace?: string;
}

export const NEIGHBOURS: readonly Neighbour[] = [
  { id: 'none', title: 'quiet function alone', inFlight: 0 },
  { id: 'echo', title: 'quiet function beside an echo, 64 in flight', inFlight: 64 },
  {
    id: 'echo-apart',
    title: 'quiet function beside an echo in another cell',
    inFlight: 64,
    namespace: 'apart',
  },
  { id: 'spin-5', title: 'quiet function beside calls of 5 ms of CPU', inFlight: 1, spinMs: 5 },
  { id: 'spin-30', title: 'quiet function beside calls of 30 ms of CPU', inFlight: 1, spinMs: 30 },
];

export interface FairnessWindow {
  readonly round: number;
  readonly neighbour: Neighbour;
  readonly quiet: OpenLoadWindow;
  /** Undefined while it is alone. */
  readonly beside: LoadWindow | undefined;
}

/** A row for each neighbour; what it adds is by the window alone of the same round. */
export function fairnessRows(windows: readonly FairnessWindow[]): readonly Row[] {
  return NEIGHBOURS.flatMap((neighbour) => {
    const own = windows.filter((window) => window.neighbour.id === neighbour.id);
    const quiet = own.map((window) => window.quiet).filter(({ requests }) => requests > 0);
    const beside = own.map((window) => window.beside).filter((window) => window !== undefined);
    if (quiet.length === 0) return [];
    return [
      makeRow({
        group: 'fairness',
        subject: neighbour.id,
        title: neighbour.title,
        params: { quietPerSecond: QUIET_PER_SECOND },
        n: quiet.reduce((sum, { requests }) => sum + requests, 0),
        metrics: [
          ...latencyOf(quiet),
          ...(beside.length === 0 ? [] : [...addedBy(own, windows), ...neighbourOf(beside)]),
        ],
        notes: [...failureNotes(quiet), ...lateNotes(quiet), ...failureNotes(beside).map(ofNeighbour)],
      }),
    ];
  });
}

const ofNeighbour = (note: string): string => `of the neighbour: ${note}`;

function latencyOf(quiet: readonly OpenLoadWindow[]): readonly Metric[] {
  const over = (name: string, unit: Unit, value: (one: OpenLoadWindow) => number): Metric =>
    makeMetric(name, unit, unit === 'ms' ? 'lower' : 'higher', quiet.map(value));
  return [
    over('perSecond', '1/s', ({ perSecond }) => perSecond),
    over('p50Ms', 'ms', ({ p50Us }) => p50Us / 1_000),
    over('p95Ms', 'ms', ({ p95Us }) => p95Us / 1_000),
    over('p99Ms', 'ms', ({ p99Us }) => p99Us / 1_000),
    highest(quiet),
    makeMetric(
      'lagP99Ms',
      'ms',
      undefined,
      quiet.map(({ lagP99Us }) => lagP99Us / 1_000),
    ),
  ];
}

function addedBy(own: readonly FairnessWindow[], all: readonly FairnessWindow[]): readonly Metric[] {
  const added = own.flatMap(({ round, quiet }) => {
    const alone = all.find((window) => window.round === round && window.beside === undefined);
    return alone === undefined ? [] : [(quiet.p99Us - alone.quiet.p99Us) / 1_000];
  });
  return added.length === 0 ? [] : [makeMetric('addsP99Ms', 'ms', 'lower', added)];
}

function neighbourOf(beside: readonly LoadWindow[]): readonly Metric[] {
  const over = (name: string, unit: Unit, value: (one: LoadWindow) => number): Metric =>
    makeMetric(name, unit, undefined, beside.map(value));
  return [
    over('neighbourPerSecond', '1/s', ({ perSecond }) => perSecond),
    over('neighbourP50Ms', 'ms', ({ p50Us }) => p50Us / 1_000),
  ];
}
