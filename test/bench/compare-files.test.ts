import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compareResults } from '../../bench/compare/files.ts';
import { COMPARE_USAGE, parseCompareOptions } from '../../bench/compare/options.ts';
import type { BenchResults } from '../../bench/results.ts';
import { renderResults } from '../../bench/results-file.ts';
import { NODE_FLAGS } from '../support/node-flags.ts';
import { madeUpResults } from './support/made-up-results.ts';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hairspring-compare-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The made-up run with one figure of some rows times a factor. */
function changed(metric: string, factor: number, of: RegExp): BenchResults {
  const results = madeUpResults();
  const rows = results.rows.map((row) => ({
    ...row,
    metrics: row.metrics.map((one) =>
      of.test(row.id) && one.name === metric
        ? { ...one, value: one.value * factor, rounds: one.rounds.map((value) => value * factor) }
        : one,
    ),
  }));
  return { ...results, rows };
}

function moved(base: BenchResults, head: BenchResults): readonly string[] {
  return compareResults(base, head)
    .comparisons.filter(({ verdict }) => verdict === 'worse' || verdict === 'better')
    .map(({ rowId, metric, verdict }) => `${rowId} ${metric} ${verdict}`);
}

function compare(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [...NODE_FLAGS, MAIN, 'compare', ...args], { encoding: 'utf8' });
}

test('Two runs of the same figures differ in nothing', () => {
  const { comparisons, notes } = compareResults(madeUpResults(), madeUpResults());
  assert.ok(comparisons.length > 20);
  assert.deepEqual([...new Set(comparisons.map(({ verdict }) => verdict))].sort(), [
    'same',
    'too noisy to tell',
  ]);
  assert.deepEqual(notes, []);
});

test('A figure that is much worse is found alone, and the direction of better is its own', () => {
  const slow = changed('cpuUs', 1.4, /echo-function\?inFlight=256/);
  assert.deepEqual(moved(madeUpResults(), slow), [
    'load/echo-function?inFlight=256&payloadBytes=100 cpuUs worse',
  ]);
  assert.deepEqual(moved(slow, madeUpResults()), [
    'load/echo-function?inFlight=256&payloadBytes=100 cpuUs better',
  ]);
});

test('Moved floors, other machines and rows of one run only are noted', () => {
  const head = changed('perSecond', 0.5, /echo-floor/);
  const other = { ...head, machine: { ...head.machine, cpu: 'Another' }, rows: head.rows.slice(1) };
  const { notes } = compareResults(madeUpResults(), other);
  assert.match(notes.join('\n'), /different machines \(A processor, 2 cores; Another, 2 cores\)/);
  assert.match(notes.join('\n'), /^1 rows are in one of the runs only$/m);
  assert.match(notes.join('\n'), /Bare floors moved, too \(load\/echo-floor/);
});

test('A run from before a group of rows was measured is compared by the others', () => {
  const { rows, ...run } = madeUpResults();
  const before = { ...run, rows: rows.filter(({ group }) => group !== 'cells') };
  for (const [base, head] of [
    [before, madeUpResults()],
    [madeUpResults(), before],
  ] as const) {
    const { comparisons, notes } = compareResults(base, head);
    assert.ok(comparisons.length > 20);
    assert.deepEqual(notes, ['2 rows are in one of the runs only']);
  }
  const slow = changed('perSecond', 0.5, /^cells\/.*cells=16/);
  assert.deepEqual(moved(madeUpResults(), slow), [
    'cells/echo-function?cells=16&inFlight=64 perSecond worse',
  ]);
});

test('The exit code tells what was found: 0, with --assert 1 for worse figures, 2 for what cannot be compared', () => {
  const [base, head] = [join(folder, 'base.json'), join(folder, 'head.json')];
  writeFileSync(base, renderResults(madeUpResults()));
  writeFileSync(head, renderResults(changed('cpuUs', 1.5, /echo-function/)));
  const found = compare(base, head, '--json', join(folder, 'report.json'));
  assert.equal(found.status, 0, found.stderr);
  assert.match(
    found.stdout,
    /echo-function\?inFlight=256\S* +cpuUs +18\.2 µs +27\.\d µs +\+\d\d\.\d % .* worse$/m,
  );
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as { comparisons: unknown[] };
  assert.ok(report.comparisons.length > 20);
  assert.equal(compare(base, head, '--assert').status, 1);
  assert.equal(compare(head, base, '--assert').status, 0);
  writeFileSync(head, '{}');
  const refused = compare(base, head);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /^Reading the results ".*head\.json": its format is not stated/);
  assert.doesNotMatch(refused.stderr, / {4}at /);
});

test('With --json - stdout is the comparison and nothing else', () => {
  const file = join(folder, 'same.json');
  writeFileSync(file, renderResults(madeUpResults()));
  const { stdout } = compare(file, file, '--json', '-');
  assert.deepEqual(Object.keys(JSON.parse(stdout) as object), ['base', 'head', 'comparisons', 'notes']);
});

test('Options of compare that do not fit are refused with what would', () => {
  for (const [args, message] of [
    [['a.json'], /takes two files of results, or --base/],
    [['a.json', '--base', 'HEAD'], /not both/],
    [['a.json', 'b.json', '--starts', '3'], /--starts belongs to --base/],
    [['--base', 'HEAD', '--starts', '1'], /--starts "1" is too few/],
    [['--base', 'HEAD', '--measure', 'luke-warm'], /"luke-warm" is none of echo, host-call/],
    [['a.json', 'b.json', '--min-change', 'x'], /--min-change "x" is not a percentage/],
  ] as const)
    assert.throws(() => parseCompareOptions(args), message);
  const { status, stderr } = compare('a.json');
  assert.equal(status, 2);
  assert.ok(stderr.includes(COMPARE_USAGE));
});
