import {
  type LoadWindow,
  type Metric,
  makeMetric,
  makeRow,
  percentile,
  type Row,
} from '../../measure/index.ts';

/** A window of one round. */
export interface RoundWindow extends LoadWindow {
  readonly subject: 'floor' | 'function';
  readonly inFlight: number;
  readonly round: number;
}

/** From here on the generator may be what limits the rate. */
const BUSY_CORES = 0.9;

const FLOORS = { nats: 'bare nats.js echo (floor)', http: 'bare node:http echo (floor)' } as const;

/**
 * A row for each subject and level.
 * @param insideMs what the node took for single requests to the function, one after the other
 */
export function loadRows(
  windows: readonly RoundWindow[],
  insideMs: readonly number[],
  transport: keyof typeof FLOORS,
): readonly Row[] {
  const keys = new Map(
    windows.map(({ subject, inFlight }) => [`${subject} ${inFlight}`, { subject, inFlight }]),
  );
  return [...keys.values()]
    .toSorted((a, b) => a.subject.localeCompare(b.subject) || a.inFlight - b.inFlight)
    .map(({ subject, inFlight }) => {
      const own = windows.filter((window) => window.subject === subject && window.inFlight === inFlight);
      const floors = windows.filter((window) => window.subject === 'floor' && window.inFlight === inFlight);
      const metrics = [
        ...latencyAndRate(own),
        ...(subject === 'function' ? [ratioTo(floors, own)] : []),
        ...cpuOf(own),
        ...(subject === 'function' && inFlight === 1 ? insideOf(insideMs) : []),
      ];
      const generator = metrics.find(({ name }) => name === 'coresGenerator')?.value ?? 0;
      return makeRow({
        group: 'load',
        subject,
        title: subject === 'floor' ? FLOORS[transport] : 'the function',
        params: { inFlight },
        n: own.reduce((sum, { requests }) => sum + requests, 0),
        metrics,
        notes: generator > BUSY_CORES ? ['the load generator is busy and may be what limits the rate'] : [],
      });
    });
}

type Pick = (window: RoundWindow) => number;

function latencyAndRate(windows: readonly RoundWindow[]): readonly Metric[] {
  const ms = (name: string, pick: Pick): Metric => {
    const rounds = windows.map((window) => pick(window) / 1_000);
    return makeMetric(name, 'ms', 'lower', rounds);
  };
  const rates = windows.map(({ perSecond }) => perSecond);
  const highest = windows.map(({ maxUs }) => maxUs / 1_000);
  return [
    makeMetric('perSecond', '1/s', 'higher', rates),
    ms('p50Ms', ({ p50Us }) => p50Us),
    ms('p95Ms', ({ p95Us }) => p95Us),
    ms('p99Ms', ({ p99Us }) => p99Us),
    makeMetric('maxMs', 'ms', 'lower', highest, Math.max(...highest)),
  ];
}

function ratioTo(floors: readonly RoundWindow[], own: readonly RoundWindow[]): Metric {
  const ratios = own.map(({ round, perSecond }) => {
    const floor = floors.find((window) => window.round === round);
    return floor === undefined ? Number.NaN : perSecond / floor.perSecond;
  });
  return makeMetric('ratio', 'ratio', 'higher', ratios);
}

function cpuOf(windows: readonly RoundWindow[]): readonly Metric[] {
  const known = windows.flatMap(({ cpu, perSecond }) => (cpu === null ? [] : [{ ...cpu, perSecond }]));
  if (known.length < windows.length) return [];
  const cores = (name: string, who: 'generator' | 'server' | 'responder' | 'others'): Metric => {
    const rounds = known.map((cpu) => cpu[who]);
    return makeMetric(name, 'cores', undefined, rounds);
  };
  const perRequestUs = known.map(({ responder, perSecond }) => (responder / perSecond) * 1e6);
  return [
    makeMetric('cpuUs', 'µs', 'lower', perRequestUs),
    cores('coresGenerator', 'generator'),
    cores('coresServer', 'server'),
    cores('coresResponder', 'responder'),
    cores('coresOthers', 'others'),
  ];
}

function insideOf(insideMs: readonly number[]): readonly Metric[] {
  if (insideMs.length === 0) return [];
  return [
    makeMetric('insideP50Ms', 'ms', 'lower', [percentile(insideMs, 0.5)]),
    makeMetric('insideP95Ms', 'ms', 'lower', [percentile(insideMs, 0.95)]),
    makeMetric('insideP99Ms', 'ms', 'lower', [percentile(insideMs, 0.99)]),
    makeMetric('insideMaxMs', 'ms', 'lower', [Math.max(...insideMs)]),
  ];
}
