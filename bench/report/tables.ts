import { ROW_GROUPS, type Row, type RowGroup } from '../../src/measure/index.ts';
import { type BarResult, describeBar } from './bars.ts';
import { columnsOf } from './columns.ts';
import { NONE } from './format.ts';
import type { Table } from './table.ts';

/** What each group is called in reports. */
export const GROUP_TITLES: Readonly<Record<RowGroup, string>> = {
  cold: 'Cold starts, end to end',
  recovery: 'A cell is killed: until the next good reply',
  load: 'Closed loop: as fast as replies come',
  'open-loop': 'Open loop: at a fixed rate',
  observation: 'Observation: the echo function, 64 in flight',
  fairness: 'Fairness: a quiet function at 200 requests a second, and its neighbour',
  'peer-cold': 'Peers: cold starts',
  'peer-load': 'Peers: under load',
  density: 'Idle functions: host and cells',
  cells: 'Cells: a namespace and an echo function each',
  isolate: 'Isolates, without a host',
};

/** Everything that a run found: a table for each group that has rows. */
export function toTables(
  rows: readonly Row[],
  { wide }: { readonly wide: boolean },
): readonly (Table & { readonly group: RowGroup })[] {
  return ROW_GROUPS.flatMap((group) => {
    const ofGroup = rows.filter((row) => row.group === group);
    if (ofGroup.length === 0) return [];
    const columns = columnsOf(ofGroup)
      .filter((column) => wide || !column.wide)
      .filter((column) => ofGroup.some((row) => column.cell(row) !== NONE));
    const head = ['', ...columns.map((column) => column.head)];
    const lines = ofGroup.map((row) => [row.title, ...columns.map((column) => column.cell(row))]);
    return [{ group, title: GROUP_TITLES[group], rows: [head, ...lines] }];
  });
}

/** How the bars were met. */
export function barTable(results: readonly BarResult[]): Table {
  const lines = results.map((result) => [...describeBar(result), result.passed ? 'met' : 'missed']);
  return { title: 'Bars', rows: [['', 'measured', 'bar', ''], ...lines] };
}

/** What the columns mean. */
export const LEGEND = [
  'Figures are medians of the rounds; spread: (highest − lowest) / median of the rounds.',
  'CPU: of the responder, or of host and cells together, for one request. Cores busy: generator / nats-server / responder.',
  'To floor: throughput over that of the bare responder in the same round. Over warm: cold p50 less warm p50 of the same pass. Inside: as the host itself measured it.',
] as const;
