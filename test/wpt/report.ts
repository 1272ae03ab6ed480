import type { Judged, Verdict } from './expectations.ts';

interface Row {
  readonly folder: string;
  files: number;
  subtests: number;
  passed: number;
  expected: number;
  unexpected: number;
}

const HEADS = ['folder', 'files', 'subtests', 'pass', 'fail: expected', 'unexpected', 'passed'] as const;

export function sumUp(folder: string, files: readonly Judged[]): Row {
  const row: Row = { folder, files: files.length, subtests: 0, passed: 0, expected: 0, unexpected: 0 };
  for (const file of files) {
    row.passed += file.passed;
    row.expected += file.expected.length;
    row.unexpected += file.unexpected.length;
    row.subtests += file.passed + file.expected.length + file.unexpected.length;
  }
  return row;
}

export function formatTable(rows: readonly Row[]): string {
  const lines = rows.map(({ folder, files, subtests, passed, expected, unexpected }) => [
    folder,
    ...[files, subtests, passed, expected, unexpected].map(String),
    subtests === 0 ? '-' : `${(Math.floor((passed / subtests) * 1_000) / 10).toFixed(1)} %`,
  ]);
  const widths = HEADS.map((head, column) =>
    Math.max(head.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  return [HEADS, ...lines]
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}

/** What is not as expected, or with `verbose` everything that failed. */
export function formatFailures({ files, stale }: Verdict, verbose: boolean): string {
  const lines = files.flatMap(({ file, expected, unexpected }) => [
    ...unexpected.map(({ name, status, message }) => `✖ ${file}\n    ${status} ${name}\n    ${message}`),
    ...(verbose
      ? expected.map(
          ({ name, status, message }) => `  ${file} (expected)\n    ${status} ${name}\n    ${message}`,
        )
      : []),
  ]);
  return [...lines, ...stale.map((key) => `✖ expected to fail, and nothing of it did: ${key}`)].join('\n');
}
