import { type Metric, metricOf, type Row, spread } from '../../src/measure/index.ts';
import { bytes, figure, NONE, percent, thousands, unitName } from './format.ts';

/** One column of a table of rows. */
export interface Column {
  readonly head: string;
  readonly cell: (row: Row) => string;
  /** Whether it is left out where there is little room. */
  readonly wide: boolean;
}

type ParamFormat = readonly [head: string, format: (value: number | string) => string];

const plain = (value: number | string): string => (typeof value === 'number' ? thousands(value) : value);
const size = (value: number | string): string => (typeof value === 'number' ? bytes(value) : value);

/** Parameters whose names say too little. */
const PARAMS: Readonly<Record<string, ParamFormat>> = {
  inFlight: ['in flight', plain],
  payloadBytes: ['payload', size],
  bundleBytes: ['bundle', size],
  percentOfMax: ['% of most', plain],
  hostCalls: ['host calls', plain],
};

interface MetricColumn {
  readonly name: string;
  readonly head: string;
  readonly wide?: boolean;
  /** Bytes are kilobytes and not megabytes. */
  readonly small?: boolean;
}

/** The order of figures in every table; others follow in the order of their rows. */
const METRICS: readonly MetricColumn[] = [
  { name: 'offeredPerSecond', head: 'offered' },
  { name: 'perSecond', head: 'req' },
  { name: 'kneePerSecond', head: 'knee' },
  { name: 'p50Ms', head: 'p50' },
  { name: 'p95Ms', head: 'p95', wide: true },
  { name: 'p99Ms', head: 'p99' },
  { name: 'maxMs', head: 'max', wide: true },
  { name: 'insideP50Ms', head: 'inside p50' },
  { name: 'insideP95Ms', head: 'inside p95', wide: true },
  { name: 'insideP99Ms', head: 'inside p99', wide: true },
  { name: 'insideMaxMs', head: 'inside max', wide: true },
  { name: 'wakeP50Ms', head: 'wake p50' },
  { name: 'wakeP95Ms', head: 'wake p95', wide: true },
  { name: 'wakeP99Ms', head: 'wake p99', wide: true },
  { name: 'wakeMaxMs', head: 'wake max', wide: true },
  { name: 'warmP50Ms', head: 'warm p50' },
  { name: 'overWarmMs', head: 'over warm' },
  { name: 'cpuUs', head: 'CPU' },
  { name: 'ratio', head: 'to floor' },
  { name: 'rateToBefore', head: 'rate to row before' },
  { name: 'cpuToBefore', head: 'CPU to row before' },
  { name: 'cpuRatio', head: 'CPU to floor' },
  { name: 'timesOurs', head: 'times ours' },
  { name: 'overWarmTimesOurs', head: 'over warm times ours' },
  { name: 'cpuTimesOurs', head: 'CPU times ours' },
  { name: 'addsMs', head: 'adds', wide: true },
  { name: 'addsP99Ms', head: 'adds to p99' },
  { name: 'neighbourPerSecond', head: 'neighbour’s req' },
  { name: 'neighbourP50Ms', head: 'neighbour’s p50' },
  { name: 'processes', head: 'processes' },
  { name: 'startMs', head: 'start' },
  { name: 'upMs', head: 'all up' },
  { name: 'deployMs', head: 'deploy', wide: true },
  { name: 'deploysPerSecond', head: 'deploys' },
  { name: 'rssBytes', head: 'RSS' },
  { name: 'hostRssBytes', head: 'host RSS' },
  { name: 'cellRssBytes', head: 'RSS of a cell' },
  { name: 'heapBytes', head: 'heap' },
  { name: 'extraRssBytes', head: 'more RSS' },
  { name: 'bytesPerFunction', head: 'each', small: true },
  { name: 'warmInstances', head: 'stay warm' },
  { name: 'bytesPerInstance', head: 'each warm', small: true },
  { name: 'coresIdle', head: 'idle', wide: true },
  { name: 'lagP99Ms', head: 'generator late p99', wide: true },
  { name: 'heldCount', head: 'held', wide: true },
];
const CORES = ['coresGenerator', 'coresServer', 'coresResponder'];
const HIDDEN = new Set([...CORES, 'coresOthers']);

/** Figures by which rows of a group are told apart in noise: the first that a row has. */
const STEADINESS = ['perSecond', 'p50Ms'];

/** Parameters, count, figures and what the rounds differ by, as far as the rows have them. */
export function columnsOf(rows: readonly Row[]): readonly Column[] {
  return [...paramColumns(rows), ...countColumn(rows), ...metricColumns(rows), ...coresColumn(rows)];
}

/** None when the titles alone tell the rows apart. */
function paramColumns(rows: readonly Row[]): readonly Column[] {
  if (new Set(rows.map(({ title }) => title)).size === rows.length) return [];
  const names = new Set(rows.flatMap(({ params }) => Object.keys(params)));
  return [...names]
    .filter((name) => new Set(rows.map(({ params }) => params[name])).size > 1)
    .map((name) => {
      const [head, format] = PARAMS[name] ?? [name, plain];
      return {
        head,
        wide: false,
        cell: ({ params }) => {
          const value = params[name];
          return value === undefined ? NONE : format(value);
        },
      };
    });
}

function countColumn(rows: readonly Row[]): readonly Column[] {
  const isLoad = rows.some((row) => metricOf(row, 'perSecond') !== undefined);
  if (rows.every(({ n }) => n === 1)) return [];
  return [{ head: 'n', wide: isLoad, cell: ({ n }) => thousands(n) }];
}

function metricColumns(rows: readonly Row[]): readonly Column[] {
  const known = METRICS.map(({ name }) => name);
  const found = new Map<string, Metric>();
  for (const row of rows) for (const metric of row.metrics) found.set(metric.name, metric);
  const others = [...found.keys()].filter((name) => !known.includes(name) && !HIDDEN.has(name));
  const columns = [...METRICS, ...others.map((name): MetricColumn => ({ name, head: name }))];
  return columns.flatMap(({ name, head, wide = false, small = false }) => {
    const sample = found.get(name);
    if (sample === undefined) return [];
    const { unit } = sample;
    const column: Column = {
      head: withUnit(head, small ? 'KB' : unitName(unit)),
      wide,
      cell: (row) => {
        const value = metricOf(row, name);
        return figure(value === undefined || !small ? value : 1e3 * value, unit);
      },
    };
    const isSteadiness = STEADINESS.find((one) => found.has(one)) === name;
    return isSteadiness ? [column, spreadColumn(name)] : [column];
  });
}

function withUnit(head: string, unit: string): string {
  if (unit === '') return head;
  return unit === '1/s' ? `${head}/s` : `${head} ${unit}`;
}

function spreadColumn(name: string): Column {
  return {
    head: 'spread',
    wide: false,
    cell: (row) => {
      const rounds = row.metrics.find((metric) => metric.name === name)?.rounds ?? [];
      return rounds.length < 2 ? NONE : percent(spread(rounds));
    },
  };
}

function coresColumn(rows: readonly Row[]): readonly Column[] {
  const hasCores = (row: Row): boolean => CORES.every((name) => metricOf(row, name) !== undefined);
  if (!rows.some(hasCores)) return [];
  const cell = (row: Row): string =>
    hasCores(row) ? CORES.map((name) => figure(metricOf(row, name), 'cores')).join(' / ') : NONE;
  return [{ head: 'cores busy', wide: true, cell }];
}
