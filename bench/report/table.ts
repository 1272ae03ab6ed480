/** A table as rows of text, the first one its head. */
export interface Table {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

export interface TextOptions {
  /** Longer names are cut. @default all are shown whole */
  readonly nameWidth?: number;
  /** How titles are set off. @default as they are */
  readonly strong?: (text: string) => string;
  /** How heads are set off. @default as they are */
  readonly dim?: (text: string) => string;
}

const same = (text: string): string => text;

/** For a terminal: columns aligned, figures to the right. */
export function renderText(
  { title, rows }: Table,
  { nameWidth = Number.POSITIVE_INFINITY, strong = same, dim = same }: TextOptions = {},
): string {
  const cut = (name: string): string => (name.length > nameWidth ? `${name.slice(0, nameWidth - 1)}…` : name);
  const shown = rows.map(([name = '', ...rest]) => [cut(name), ...rest]);
  const widths = (shown[0] ?? []).map((_, column) =>
    Math.max(...shown.map((row) => row[column]?.length ?? 0)),
  );
  const lines = shown.map((row, index) => {
    const line = row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
    return index === 0 ? dim(line) : line;
  });
  return [strong(title), ...lines].join('\n');
}

/** For a document, without its title. */
export function renderMarkdown({ rows: [head = [], ...rows] }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, column) => (column === 0 ? '---' : '---:')));
  return [line(head), rule, ...rows.map(line)].join('\n');
}
