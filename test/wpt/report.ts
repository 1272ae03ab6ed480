import type { Judged, Verdict } from './expectations.ts';

/** Share of the subtests that can be served of which a folder must pass. */
const LEAST_SHARE = 0.9;

interface Row {
  readonly folder: string;
  /** Which version of its tests ran. */
  readonly version: string;
  files: number;
  subtests: number;
  passed: number;
  expected: number;
  unservable: number;
  unexpected: number;
}

const HEADS = [
  'folder',
  'tests',
  'files',
  'subtests',
  'pass',
  'fail: expected',
  'not servable',
  'unexpected',
  'passed',
  'of servable',
] as const;
/** Columns of text. */
const LEFT = 2;

export function sumUp(folder: string, version: string, files: readonly Judged[]): Row {
  const counts = { subtests: 0, passed: 0, expected: 0, unservable: 0, unexpected: 0 };
  for (const file of files) {
    counts.passed += file.passed;
    counts.expected += file.expected.length;
    counts.unservable += file.unservable.length;
    counts.unexpected += file.unexpected.length;
  }
  counts.subtests = counts.passed + counts.expected + counts.unservable + counts.unexpected;
  return { folder, version, files: files.length, ...counts };
}

function servableOf({ subtests, unservable }: Row): number {
  return subtests - unservable;
}

/** Whether too few pass of what can be served. */
export function isBelowFloor(row: Row): boolean {
  return row.passed < servableOf(row) * LEAST_SHARE;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${(Math.floor((part / whole) * 1_000) / 10).toFixed(1)} %`;
}

export function formatTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.folder,
    row.version,
    ...[row.files, row.subtests, row.passed, row.expected, row.unservable, row.unexpected].map(String),
    percent(row.passed, row.subtests),
    percent(row.passed, servableOf(row)),
  ]);
  const widths = HEADS.map((head, column) =>
    Math.max(head.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const pad = (cell: string, column: number): string =>
    column < LEFT ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  const below = rows
    .filter(isBelowFloor)
    .map(
      (row) => `✖ ${row.folder} passes less than ${LEAST_SHARE * 100} % of the subtests that can be served`,
    );
  return [...[HEADS, ...lines].map((line) => line.map(pad).join('  ')), ...below].join('\n');
}

/** What is not as expected, or with `verbose` everything that failed. */
export function formatFailures({ files, stale }: Verdict, verbose: boolean): string {
  const lines = files.flatMap(({ file, expected, unservable, unexpected }) => [
    ...unexpected.map(({ name, status, message }) => `✖ ${file}\n    ${status} ${name}\n    ${message}`),
    ...(verbose
      ? [...expected, ...unservable].map(
          ({ name, status, message }) => `  ${file} (expected)\n    ${status} ${name}\n    ${message}`,
        )
      : []),
  ]);
  return [...lines, ...stale.map((key) => `✖ expected to fail, and nothing of it did: ${key}`)].join('\n');
}
