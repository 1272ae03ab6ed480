import { IDLE_MEMORY, LEVELS, OPEN_PERCENTS, STARTS, WARM_MEMORY } from './tiers.ts';

export type FigureKind = 'time' | 'cpu' | 'rate' | 'ratio' | 'memory';

/** Where a figure is among the rows. */
export interface Figure {
  /** Ids: the first of them that was measured has it. */
  readonly rows: readonly string[];
  /** Of the metric. */
  readonly name: string;
  readonly kind: FigureKind;
}

const TIMES = { p50: 'p50Ms', p95: 'p95Ms', p99: 'p99Ms', max: 'maxMs' } as const;
/** What the node says of the same requests. */
const NODE_TIMES = {
  'node-p50': 'insideP50Ms',
  'node-p95': 'insideP95Ms',
  'node-p99': 'insideP99Ms',
  'node-max': 'insideMaxMs',
} as const;

const loadRow = (level: number): string => `load/function?inFlight=${level}`;
const HIGHEST_FIRST = LEVELS.map(loadRow).toReversed();

/** Every figure that may have a budget, by what it is called there. */
export const BUDGET_FIGURES: ReadonlyMap<string, Figure> = new Map<string, Figure>([
  ...STARTS.flatMap(({ subject, budget }) =>
    subject === 'new-cell'
      ? timesOf(budget, [`recovery/${subject}`], TIMES)
      : timesOf(budget, [`cold/${subject}`], { ...TIMES, ...NODE_TIMES, 'over-warm': 'overWarmMs' }),
  ),
  ...timesOf('warm', [loadRow(1)], { ...TIMES, ...NODE_TIMES }),
  ...ratesOf('warm', HIGHEST_FIRST),
  ...LEVELS.flatMap((level) => [
    ...timesOf(`load${level}`, [loadRow(level)], TIMES),
    ...ratesOf(`load${level}`, [loadRow(level)]),
  ]),
  ...OPEN_PERCENTS.flatMap((percent) =>
    timesOf(`open${percent}`, [`open-loop/function?percentOfMax=${percent}`], TIMES),
  ),
  ['knee.rate', { rows: ['open-loop/function?point=knee'], name: 'kneePerSecond', kind: 'rate' }],
  ['memory', { rows: [`density/${WARM_MEMORY}`], name: 'rssBytes', kind: 'memory' }],
  ['idle-memory', { rows: [`density/${IDLE_MEMORY}`], name: 'rssBytes', kind: 'memory' }],
]);

function timesOf(
  prefix: string,
  rows: readonly string[],
  names: Readonly<Record<string, string>>,
): [string, Figure][] {
  return Object.entries(names).map(([short, name]) => [`${prefix}.${short}`, { rows, name, kind: 'time' }]);
}

function ratesOf(prefix: string, rows: readonly string[]): [string, Figure][] {
  return [
    [`${prefix}.rate`, { rows, name: 'perSecond', kind: 'rate' }],
    [`${prefix}.cpu`, { rows, name: 'cpuUs', kind: 'cpu' }],
    [`${prefix}.ratio`, { rows, name: 'ratio', kind: 'ratio' }],
  ];
}

/** All names, those of rows of a group that have the same figures in one line. */
export function listBudgets(): readonly string[] {
  const lines = Map.groupBy(BUDGET_FIGURES, ([metric, { rows }]) => {
    const [prefix = '', short = ''] = metric.split('.');
    return `${prefix} ${rows[0]?.split('/')[0]} ${short.includes('-')}`;
  });
  const alike = Map.groupBy(lines.values(), (entries) => {
    const shorts = entries.flatMap(([metric]) => metric.split('.')[1] ?? []);
    return `${entries[0]?.[1].rows[0]?.split('/')[0]} ${shorts.join('|')}`;
  });
  return [...alike].map(([key, groups]) => {
    const prefixes = groups.map(([first]) => first?.[0].split('.')[0]).join('|');
    const [, shorts = ''] = key.split(' ');
    return shorts === '' ? prefixes : `${prefixes} .${shorts}`;
  });
}
