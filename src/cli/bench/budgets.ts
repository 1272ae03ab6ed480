import { formatBytes, HairspringError, parseBytes } from '../../core/index.ts';
import { metricOf, type Row } from '../../measure/index.ts';
import { formatElapsed } from '../shell/format.ts';
import { LEVELS, MEMORY, STARTS } from './plan.ts';

/** A bound that a figure is to keep, as `--budget` says it. */
export interface Budget {
  /** As it was said: `cold.p95`. */
  readonly metric: string;
  /** In the unit of the row's figure. */
  readonly bound: number;
  readonly figure: Figure;
}

/** A budget and what was measured. */
export interface JudgedBudget {
  readonly metric: string;
  readonly unit: Row['metrics'][number]['unit'];
  readonly better: 'higher' | 'lower';
  readonly bound: number;
  /** Null when it could not be measured, which misses the budget. */
  readonly measured: number | null;
  readonly kept: boolean;
}

/** Where a figure is among the rows, and how it is written. */
interface Figure {
  readonly subject: string;
  /** Of the row, where the subject has one for each level; `highest` of those that were measured. */
  readonly inFlight: number | 'highest' | undefined;
  readonly name: string;
  readonly kind: 'time' | 'cpu' | 'rate' | 'ratio' | 'memory';
}

interface KindInfo {
  readonly unit: JudgedBudget['unit'];
  readonly better: JudgedBudget['better'];
  readonly example: string;
  /** @returns undefined when the text is not of this kind */
  parse(text: string): number | undefined;
  format(value: number): string;
}

const TIME_MS: Readonly<Record<string, number>> = { us: 0.001, µs: 0.001, ms: 1, s: 1_000 };

function parseTimeMs(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(us|µs|ms|s)$/.exec(text) ?? [];
  const factor = TIME_MS[unit];
  return amount === undefined || factor === undefined ? undefined : Number(amount) * factor;
}

function parseRate(text: string): number | undefined {
  const [, amount] = /^(\d+(?:\.\d+)?)\/s$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount);
}

function parseRatio(text: string): number | undefined {
  const [, amount, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) / (percent === '%' ? 100 : 1);
}

function parseMemory(text: string): number | undefined {
  try {
    return parseBytes(text);
  } catch {
    return undefined;
  }
}

const KINDS: Readonly<Record<Figure['kind'], KindInfo>> = {
  time: { unit: 'ms', better: 'lower', example: '15ms', parse: parseTimeMs, format: formatElapsed },
  cpu: {
    unit: 'µs',
    better: 'lower',
    example: '40us',
    parse: (text) => {
      const ms = parseTimeMs(text);
      return ms === undefined ? undefined : ms * 1_000;
    },
    format: (value) => `${value.toFixed(1)} µs`,
  },
  rate: {
    unit: '1/s',
    better: 'higher',
    example: '10000/s',
    parse: parseRate,
    format: (value) => `${Math.round(value)}/s`,
  },
  ratio: {
    unit: 'ratio',
    better: 'higher',
    example: '0.5',
    parse: parseRatio,
    format: (value) => value.toFixed(2),
  },
  memory: { unit: 'bytes', better: 'lower', example: '4MB', parse: parseMemory, format: formatBytes },
};

const TIMES = { p50: 'p50Ms', p95: 'p95Ms', p99: 'p99Ms', max: 'maxMs' } as const;

/** Every figure that may have a budget, by what it is called there. */
export const BUDGET_FIGURES: ReadonlyMap<string, Figure> = new Map<string, Figure>([
  ...STARTS.flatMap(({ subject, budget }) =>
    Object.entries(TIMES).map(([short, name]): [string, Figure] => [
      `${budget}.${short}`,
      { subject, inFlight: undefined, name, kind: 'time' },
    ]),
  ),
  ...figuresOf('warm', 1, 'highest'),
  ...LEVELS.flatMap((level) => figuresOf(`load${level}`, level, level)),
  ['memory', { subject: MEMORY, inFlight: undefined, name: 'rssBytes', kind: 'memory' }],
]);

/** Latency at one level of load, rate and what belongs to it at another. */
function figuresOf(prefix: string, latencyAt: number, rateAt: number | 'highest'): [string, Figure][] {
  const subject = 'function';
  return [
    ...Object.entries(TIMES).map(([short, name]): [string, Figure] => [
      `${prefix}.${short}`,
      { subject, inFlight: latencyAt, name, kind: 'time' },
    ]),
    [`${prefix}.rate`, { subject, inFlight: rateAt, name: 'perSecond', kind: 'rate' }],
    [`${prefix}.cpu`, { subject, inFlight: rateAt, name: 'cpuUs', kind: 'cpu' }],
    [`${prefix}.ratio`, { subject, inFlight: rateAt, name: 'ratio', kind: 'ratio' }],
  ];
}

/** `cold.p95=15ms`. @throws HS_USAGE naming what is known */
export function parseBudget(text: string): Budget {
  const [, metric = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const figure = BUDGET_FIGURES.get(metric);
  if (figure === undefined) {
    const what = metric === '' ? `"${text}" as a budget: it is not METRIC=VALUE` : `a budget of "${metric}"`;
    throw new HairspringError('HS_USAGE', `Cannot use ${what}`, { hint: knownFigures() });
  }
  const { parse, example } = KINDS[figure.kind];
  const bound = parse(value);
  if (bound === undefined || bound === 0)
    throw new HairspringError('HS_USAGE', `Cannot use "${value}" as a budget of ${metric}`, {
      hint: `Write it like ${metric}=${example}`,
    });
  return { metric, bound, figure };
}

/** The names, each prefix in a line. */
function knownFigures(): string {
  const byPrefix = new Map<string, string[]>();
  for (const name of BUDGET_FIGURES.keys()) {
    const [prefix = '', short] = name.split('.');
    const shorts = byPrefix.get(prefix) ?? [];
    if (short !== undefined) shorts.push(short);
    byPrefix.set(prefix, shorts);
  }
  const lines = [...byPrefix].map(([prefix, shorts]) =>
    shorts.length === 0 ? prefix : `${prefix}.${shorts.join('|')}`,
  );
  return ['The known budgets are', ...lines].join('\n');
}

/** Compares the medians of the rounds with the budgets. */
export function judgeBudgets(budgets: readonly Budget[], rows: readonly Row[]): readonly JudgedBudget[] {
  return budgets.map(({ metric, bound, figure }) => {
    const { unit, better } = KINDS[figure.kind];
    const row = rowOf(figure, rows);
    const found = row === undefined ? undefined : metricOf(row, figure.name);
    const measured = found === undefined || Number.isNaN(found) ? null : found;
    const kept = measured !== null && (better === 'lower' ? measured <= bound : measured >= bound);
    return { metric, unit, better, bound, measured, kept };
  });
}

function rowOf({ subject, inFlight }: Figure, rows: readonly Row[]): Row | undefined {
  const ofSubject = rows.filter((row) => row.subject === subject);
  // Rows are in the order of the levels.
  if (inFlight === 'highest') return ofSubject.at(-1);
  return ofSubject.find(({ params }) => inFlight === undefined || params['inFlight'] === inFlight);
}

/** A value of the figure for people. */
export function formatFigure(metric: string, value: number | null): string {
  const figure = BUDGET_FIGURES.get(metric);
  if (value === null || figure === undefined) return 'not measured';
  return KINDS[figure.kind].format(value);
}
