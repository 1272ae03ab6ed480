import {
  type LoadCpu,
  type LoadWindow,
  type Metric,
  makeMetric,
  makeRow,
  type Row,
  type RowGroup,
  type Unit,
} from '../../src/measure/index.ts';
import { highest } from './latency.ts';
import { type LoadTarget, TARGETS } from './load-targets.ts';

/** One target at one load for one window. */
export interface TargetWindow extends LoadWindow {
  readonly round: number;
  readonly target: LoadTarget;
  readonly inFlight: number;
  readonly payloadBytes: number;
}

/** Above this the generator's one thread is as good as busy all the time. */
const BUSY_GENERATOR_CORES = 0.9;

/** One row for each target at each load, ordered by load; ratios are to the floor of the same round. */
export function loadRows(windows: readonly TargetWindow[]): readonly Row[] {
  const targets = Object.keys(TARGETS);
  const groups = Map.groupBy(
    windows,
    ({ target, inFlight, payloadBytes }) => `${target} ${inFlight} ${payloadBytes}`,
  );
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      return first === undefined ? [] : [{ first, group }];
    })
    .toSorted(
      ({ first: a }, { first: b }) =>
        a.payloadBytes - b.payloadBytes ||
        a.inFlight - b.inFlight ||
        targets.indexOf(a.target) - targets.indexOf(b.target),
    )
    .map(({ first, group }) => loadRow(first, group, windows));
}

function loadRow(
  { target, inFlight, payloadBytes }: TargetWindow,
  group: readonly TargetWindow[],
  all: readonly TargetWindow[],
): Row {
  // A window without a reply has no latency; it is noted.
  const windows = group.filter(({ requests }) => requests > 0);
  const { title, floor } = TARGETS[target];
  const pairs = windows.flatMap((window) => {
    const base = all.find(
      (other) =>
        other.target === floor &&
        other.inFlight === inFlight &&
        other.payloadBytes === payloadBytes &&
        other.round === window.round,
    );
    return base === undefined ? [] : [{ window, base }];
  });
  return makeRow({
    group: 'load' satisfies RowGroup,
    subject: target,
    title,
    params: { inFlight, payloadBytes },
    n: windows.reduce((sum, { requests }) => sum + requests, 0),
    metrics:
      windows.length === 0
        ? []
        : [
            ...windowMetrics(windows),
            ...(pairs.length === 0
              ? []
              : [
                  makeMetric(
                    'ratio',
                    'ratio',
                    'higher',
                    pairs.map(({ window, base }) => window.perSecond / base.perSecond),
                  ),
                  makeMetric(
                    'addsMs',
                    'ms',
                    'lower',
                    pairs.map(({ window, base }) => (window.p50Us - base.p50Us) / 1_000),
                  ),
                ]),
          ],
    notes: windowNotes(group),
  });
}

/** Rate, latency and CPU, a round for each window. */
export function windowMetrics(windows: readonly LoadWindow[]): readonly Metric[] {
  const over = (name: string, unit: Unit, better: Metric['better'], value: (one: LoadWindow) => number) =>
    makeMetric(name, unit, better, windows.map(value));
  return [
    over('perSecond', '1/s', 'higher', ({ perSecond }) => perSecond),
    over('p50Ms', 'ms', 'lower', ({ p50Us }) => p50Us / 1_000),
    over('p95Ms', 'ms', 'lower', ({ p95Us }) => p95Us / 1_000),
    over('p99Ms', 'ms', 'lower', ({ p99Us }) => p99Us / 1_000),
    highest(windows),
    ...cpuMetrics(windows),
  ];
}

/** What a reader must know of windows of one target. */
export function windowNotes(windows: readonly LoadWindow[]): readonly string[] {
  return [...silenceNotes(windows), ...failureNotes(windows), ...generatorNotes(windows)];
}

/** Rounds without a reply. */
function silenceNotes(windows: readonly Pick<LoadWindow, 'requests'>[]): readonly string[] {
  const silent = windows.filter(({ requests }) => requests === 0).length;
  return silent === 0 ? [] : [`${silent} of ${windows.length} rounds had no reply at all and do not count`];
}

/** What each request costs the responder, and how many cores each took; none where /proc cannot be read. */
export function cpuMetrics(
  windows: readonly { readonly perSecond: number; readonly cpu: LoadCpu | null }[],
): readonly Metric[] {
  const read = windows.flatMap(({ perSecond, cpu }) => (cpu === null ? [] : [{ perSecond, cpu }]));
  if (read.length < windows.length) return [];
  const cores = (name: string, who: keyof LoadCpu) =>
    makeMetric(
      name,
      'cores',
      undefined,
      read.map(({ cpu }) => cpu[who]),
    );
  return [
    makeMetric(
      'cpuUs',
      'µs',
      'lower',
      read.map(({ cpu, perSecond }) => (1e6 * cpu.responder) / perSecond),
    ),
    cores('coresGenerator', 'generator'),
    cores('coresServer', 'server'),
    cores('coresResponder', 'responder'),
    cores('coresOthers', 'others'),
  ];
}

/** Wrong replies and lost requests, if any. */
export function failureNotes(
  windows: readonly Pick<LoadWindow, 'wrong' | 'lost' | 'firstWrong'>[],
): readonly string[] {
  const wrong = windows.reduce((sum, window) => sum + window.wrong, 0);
  const lost = windows.reduce((sum, window) => sum + window.lost, 0);
  if (wrong + lost === 0) return [];
  const first = windows.find(({ firstWrong }) => firstWrong !== null)?.firstWrong;
  const example = typeof first === 'string' ? ` (the first: ${first})` : '';
  return [`${wrong} wrong replies${example} and ${lost} lost requests`];
}

/** Says so when the generator, and not the responder, set the rate. */
function generatorNotes(windows: readonly { readonly cpu: LoadCpu | null }[]): readonly string[] {
  const bound = windows.filter(
    ({ cpu }) => cpu !== null && cpu.generator > BUSY_GENERATOR_CORES && cpu.generator > cpu.responder,
  );
  if (bound.length === 0) return [];
  return [
    `The load generator is the bottleneck in ${bound.length} of ${windows.length} rounds: the responder could do more`,
  ];
}
