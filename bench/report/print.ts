import { createColors } from 'picocolors';
import type { BenchResults } from '../results.ts';
import { judgeBars } from './bars.ts';
import { describeRun } from './describe-run.ts';
import { findNotes } from './notes.ts';
import { renderText } from './table.ts';
import { barTable, LEGEND, toTables } from './tables.ts';

const NAME_WIDTH = 46;
const BAR_NAME_WIDTH = 78;

/** Everything that a run found, for a terminal. */
export function renderTerminal(results: BenchResults, { color }: { readonly color: boolean }): string {
  const paint = createColors(color);
  const bars = judgeBars(results.rows);
  const options = { nameWidth: NAME_WIDTH, strong: paint.bold, dim: paint.dim };
  const mark = (line: string): string => {
    if (line.endsWith(' missed')) return paint.yellow(line);
    return line;
  };
  const barText = renderText(barTable(bars), {
    nameWidth: BAR_NAME_WIDTH,
    strong: paint.bold,
    dim: paint.dim,
  });
  return [
    describeRun(results).join('\n'),
    ...toTables(results.rows, { wide: false }).map((table) => renderText(table, options)),
    ...(bars.length === 0 ? [] : [barText.split('\n').map(mark).join('\n')]),
    paint.dim(LEGEND.join('\n')),
    findNotes(results)
      .map((note) => `${paint.yellow('note')}  ${note}`)
      .join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}
