import { formatBytes } from '../../core/index.ts';
import { metricOf, type Row } from '../../measure/index.ts';
import type { Colors } from '../shell/colors.ts';
import { countOf } from '../shell/format.ts';
import { printable } from '../shell/printable.ts';
import { renderTable } from '../shell/table.ts';
import { formatFigure, type JudgedBudget } from './budgets.ts';
import { describeNoise, type Noise } from './noise.ts';
import type { BenchResult } from './result.ts';
import type { Stray } from './strays.ts';
import { IDLE_MEMORY, WARM_MEMORY } from './tiers.ts';

const TIMES = ['p50Ms', 'p95Ms', 'p99Ms', 'maxMs'] as const;

/** The result for people. */
export function renderResult(result: BenchResult, paint: Colors): string {
  const { rows, budgets, notes, noise, strays } = result;
  const head = `${paint.bold(result.name)}  ${printable(result.subject)}  ${paint.dim(
    `${countOf(result.payloadBytes, 'byte')}, ${result.plan.rounds} rounds in ${Math.round(result.durationSeconds)} s`,
  )}`;
  return [
    head,
    '',
    ...startTable(rows, paint),
    ...loadTable(rows, paint),
    ...openTable(rows, paint),
    ...insideLine(rows),
    ...memoryLine(rows),
    ...noiseLine(noise, paint),
    ...strays.map((stray) => `  ${paint.yellow('stray')}: ${describeStray(stray)}`),
    ...notes.map((note) => `  ${paint.yellow('note')}: ${printable(note)}`),
    ...(budgets.length === 0 ? [] : ['', budgetTable(budgets, paint)]),
  ]
    .join('\n')
    .trimEnd();
}

function noiseLine(noise: Noise | null, paint: Colors): readonly string[] {
  if (noise === null) return [];
  return [`  ${noise.isNoisy ? paint.yellow('noisy') : paint.dim('noise')}: ${describeNoise(noise)}`];
}

function describeStray({ where, code, count, of }: Stray): string {
  return `${formatCount(count)} of ${formatCount(of)} requests ${where} had ${printable(code)}`;
}

/** What the node itself says; nothing where it did not. */
function insideLine(rows: readonly Row[]): readonly string[] {
  const row = rows.find((each) => metricOf(each, 'insideP50Ms') !== undefined && each.group === 'load');
  if (row === undefined) return [];
  const [p50, p95, p99] = ['insideP50Ms', 'insideP95Ms', 'insideP99Ms'].map((name) => cell(row, name));
  return [`  in the node a warm request takes ${p50} ms, p95 ${p95}, p99 ${p99}`];
}

function memoryLine(rows: readonly Row[]): readonly string[] {
  const parts = [
    ['a warm instance', WARM_MEMORY],
    ['an idle function', IDLE_MEMORY],
  ].flatMap(([what, subject]) => {
    const row = rows.find((each) => each.subject === subject);
    const bytes = row === undefined ? undefined : metricOf(row, 'rssBytes');
    return bytes === undefined ? [] : [`${what} takes ${formatMemory(bytes)}`];
  });
  return parts.length === 0 ? [] : [`  ${parts.join(', ')}`];
}

/** What little there is may be below what the system tells apart. */
function formatMemory(bytes: number): string {
  return bytes <= 0 ? 'less than can be told' : formatBytes(Math.round(bytes));
}

/** Each table has an empty line behind it, and is left out where nothing of it was measured. */
function startTable(rows: readonly Row[], paint: Colors): readonly string[] {
  const heading = ['START, ms', 'P50', 'P95', 'P99', 'MAX', 'IN NODE P50', 'P95', 'OVER WARM', 'STARTS'];
  const starts = rows.filter(({ group }) => group === 'cold' || group === 'recovery');
  if (starts.length === 0) return [];
  const lines = starts.map((row) => [
    row.title,
    ...[...TIMES, 'insideP50Ms', 'insideP95Ms', 'overWarmMs'].map((name) => cell(row, name)),
    String(row.n),
  ]);
  return [figureTable(heading, lines, paint), ''];
}

function loadTable(rows: readonly Row[], paint: Colors): readonly string[] {
  const heading = ['WARM, ms', 'IN FLIGHT', 'PER SECOND', 'OF FLOOR', 'P50', 'P95', 'P99', 'MAX', 'CPU µs'];
  const loads = rows.filter(({ group }) => group === 'load');
  if (loads.length === 0) return [];
  const lines = loads.map((row) => [
    row.title,
    String(row.params['inFlight'] ?? ''),
    cell(row, 'perSecond', formatCount),
    cell(row, 'ratio', (value) => `${Math.round(value * 100)} %`),
    ...TIMES.map((name) => cell(row, name)),
    cell(row, 'cpuUs', (value) => value.toFixed(1)),
  ]);
  return [figureTable(heading, lines, paint), ''];
}

/** Fixed rates and the knee. */
function openTable(rows: readonly Row[], paint: Colors): readonly string[] {
  const heading = ['FIXED RATE, ms', 'ARRIVALS/s', 'ANSWERED/s', 'P50', 'P95', 'P99', 'MAX'];
  const all = rows.filter(({ group }) => group === 'open-loop');
  if (all.length === 0) return [];
  const lines = all
    .filter(({ params }) => 'percentOfMax' in params)
    .map((row) => [
      row.title,
      cell(row, 'offeredPerSecond', formatCount),
      cell(row, 'perSecond', formatCount),
      ...TIMES.map((name) => cell(row, name)),
    ]);
  const knees = all.flatMap((row) => {
    const perSecond = metricOf(row, 'kneePerSecond');
    if (perSecond === undefined) return [];
    return [`  ${row.title}: ${perSecond === 0 ? 'below the lowest rate' : `${formatCount(perSecond)}/s`}`];
  });
  return [figureTable(heading, lines, paint), ...knees, ''];
}

function figureTable(
  heading: readonly string[],
  lines: readonly (readonly string[])[],
  paint: Colors,
): string {
  return renderTable([heading.map((text) => paint.dim(text)), ...lines], '  ', 1);
}

const formatCount = (value: number): string => Math.round(value).toLocaleString('en');

/** A figure of a row, or a dash. */
function cell(row: Row, name: string, format: (value: number) => string = formatMs): string {
  const value = metricOf(row, name);
  return value === undefined || Number.isNaN(value) ? '–' : format(value);
}

function formatMs(ms: number): string {
  if (ms >= 100) return String(Math.round(ms));
  return ms.toFixed(ms >= 10 ? 1 : 2);
}

function budgetTable(budgets: readonly JudgedBudget[], paint: Colors): string {
  const lines = budgets.map(({ metric, better, bound, measured, kept }) => [
    kept ? paint.green('✓') : paint.red('✗'),
    metric,
    formatFigure(metric, measured),
    `${better === 'lower' ? '≤' : '≥'} ${formatFigure(metric, bound)}`,
    kept ? 'kept' : paint.red('missed'),
  ]);
  return renderTable(
    [['', 'BUDGET', 'MEASURED', 'BOUND', ''].map((text) => paint.dim(text)), ...lines],
    '  ',
  );
}
