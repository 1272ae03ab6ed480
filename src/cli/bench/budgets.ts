import { HairspringError } from '../../core/index.ts';
import { type Metric, metricOf, type Row, type Unit } from '../../measure/index.ts';
import { BUDGET_FIGURES, type Figure, listBudgets } from './budget-figures.ts';
import { BUDGET_KINDS } from './budget-kinds.ts';

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
  readonly unit: Unit;
  readonly better: NonNullable<Metric['better']>;
  readonly bound: number;
  /** Null when it could not be measured, which misses the budget. */
  readonly measured: number | null;
  readonly kept: boolean;
}

/** `cold.p95=15ms`. @throws HS_USAGE naming what is known */
export function parseBudget(text: string): Budget {
  const [, metric = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const name = metric === '' ? text : metric;
  const figure = BUDGET_FIGURES.get(name);
  if (figure === undefined) {
    const what = metric === '' ? `"${text}" as a budget: it is not METRIC=VALUE` : `a budget of "${metric}"`;
    throw new HairspringError('HS_USAGE', `Cannot use ${what}`, {
      hint: ['The known budgets are', ...listBudgets()].join('\n'),
    });
  }
  const { parse, example } = BUDGET_KINDS[figure.kind];
  const bound = parse(value);
  if (bound === undefined || bound === 0)
    throw new HairspringError('HS_USAGE', `Cannot use "${value}" as a budget of ${name}`, {
      hint: `Write it like ${name}=${example}`,
    });
  return { metric: name, bound, figure };
}

/** Compares the figures of the run with the budgets. */
export function judgeBudgets(budgets: readonly Budget[], rows: readonly Row[]): readonly JudgedBudget[] {
  return budgets.map(({ metric, bound, figure }) => {
    const { unit, better } = BUDGET_KINDS[figure.kind];
    const row = rowOf(figure, rows);
    const found = row === undefined ? undefined : metricOf(row, figure.name);
    const measured = found === undefined || Number.isNaN(found) ? null : found;
    const kept = measured !== null && (better === 'lower' ? measured <= bound : measured >= bound);
    return { metric, unit, better, bound, measured, kept };
  });
}

function rowOf({ rows: ids }: Figure, rows: readonly Row[]): Row | undefined {
  const measured = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => measured.get(id) ?? [])[0];
}

/** A value of the figure for people. */
export function formatFigure(metric: string, value: number | null): string {
  const figure = BUDGET_FIGURES.get(metric);
  if (value === null || figure === undefined) return 'not measured';
  return BUDGET_KINDS[figure.kind].format(value);
}
