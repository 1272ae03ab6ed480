import { metricOf, type Row, type RowGroup } from '../../src/measure/index.ts';

/** Which row is meant, whatever other parameters it has. */
export interface RowQuery {
  readonly group: RowGroup;
  readonly subject: string;
  readonly params?: Row['params'];
}

/** One figure of one row. */
export interface FigureQuery extends RowQuery {
  readonly metric: string;
}

/** The first row that matches; undefined when the run did not measure it. */
export function findRow(rows: readonly Row[], { group, subject, params = {} }: RowQuery): Row | undefined {
  return rows.find(
    (row) =>
      row.group === group &&
      row.subject === subject &&
      Object.entries(params).every(([name, value]) => row.params[name] === value),
  );
}

/** Undefined when the run did not measure it. */
export function findFigure(rows: readonly Row[], query: FigureQuery): number | undefined {
  const row = findRow(rows, query);
  return row === undefined ? undefined : metricOf(row, query.metric);
}
