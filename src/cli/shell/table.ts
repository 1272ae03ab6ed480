import { stripVTControlCharacters } from 'node:util';

const GAP = '  ';

/**
 * Rows in aligned columns; the first row is the heading. Colours do not count as width.
 * @param figuresFrom from this column on they are aligned on the right. @default none
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  indent = '',
  figuresFrom: number = Number.POSITIVE_INFINITY,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    }
  }
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
        return column < figuresFrom ? cell + space : space + cell;
      })
      .join(GAP),
  );
  return lines.map((line) => `${indent}${line}`.trimEnd()).join('\n');
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
