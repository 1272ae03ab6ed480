import { inspect } from './inspect.ts';

const MAX_ROWS = 100;
const MAX_COLUMNS = 20;
const VALUES = 'Values';

function entriesOf(value: object): (readonly [string, unknown])[] {
  if (value instanceof Map) return [...value].slice(0, MAX_ROWS).map(([key, each]) => [cell(key), each]);
  if (value instanceof Set) return [...value].slice(0, MAX_ROWS).map((each, index) => [`${index}`, each]);
  return Object.entries(value).slice(0, MAX_ROWS);
}

function cell(value: unknown): string {
  return inspect(value, 0).replaceAll('\n', ' ');
}

/**
 * Rows and columns of an object of objects, `undefined` for anything else.
 * https://console.spec.whatwg.org/#table
 */
export function formatTable(data: unknown, properties: readonly string[] | undefined): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const columns = new Set<string>(properties ?? []);
  let hasValues = false;
  const rows = entriesOf(data).map(([index, row]) => {
    const cells = new Map<string, string>([['(index)', index]]);
    if (typeof row !== 'object' || row === null) {
      cells.set(VALUES, cell(row));
      hasValues = true;
      return cells;
    }
    for (const [name, value] of Object.entries(row)) {
      if (properties === undefined && columns.size < MAX_COLUMNS) columns.add(name);
      if (columns.has(name)) cells.set(name, cell(value));
    }
    return cells;
  });
  const heads = ['(index)', ...columns, ...(hasValues ? [VALUES] : [])];
  const widths = heads.map((head) => Math.max(head.length, ...rows.map((row) => row.get(head)?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `│ ${cells.map((text, at) => text.padEnd(widths[at] ?? 0)).join(' │ ')} │`;
  const rule = (left: string, middle: string, right: string) =>
    `${left}${widths.map((width) => '─'.repeat(width + 2)).join(middle)}${right}`;
  return [
    rule('┌', '┬', '┐'),
    line(heads),
    rule('├', '┼', '┤'),
    ...rows.map((row) => line(heads.map((head) => row.get(head) ?? ''))),
    rule('└', '┴', '┘'),
  ].join('\n');
}
