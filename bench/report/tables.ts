import { metricOf, type Row, spread } from '../../src/measure/index.ts';
import { BARS, findVerdicts, type Verdict } from './bars.ts';

/** A table as rows of text, the first one its head. */
export interface Table {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

const NONE = '–';

function fixed(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? NONE : value.toFixed(digits);
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

const BAR_NAMES: Readonly<Record<Verdict['bar'], (value: number) => readonly [string, string, string]>> = {
  warmRatio: (value) => [
    'Echo function over its floor, 256 in flight',
    fixed(value, 2),
    `≥ ${BARS.warmRatio}`,
  ],
  kvRatio: (value) => [
    'KV get in a function over plain nats.js, 64 in flight',
    value.toFixed(2),
    `≥ ${BARS.kvRatio}`,
  ],
  kvAddsMs: (value) => [
    'What it adds to the p50 of plain nats.js, one in flight',
    `${value.toFixed(2)} ms`,
    `≤ ${BARS.kvAddsMs} ms`,
  ],
  hostCallRatio: (value) => [
    'One host call over the echo floor, 256 in flight',
    fixed(value, 2),
    `≥ ${BARS.hostCallRatio}`,
  ],
  wasmCommandRatio: (value) => [
    'WebAssembly command over the echo floor, 256 in flight',
    fixed(value, 2),
    `≥ ${BARS.wasmCommandRatio}`,
  ],
  wasmReactorRatio: (value) => [
    'WebAssembly reactor over the echo floor, 256 in flight',
    fixed(value, 2),
    `≥ ${BARS.wasmReactorRatio}`,
  ],
  wasmComponentRatio: (value) => [
    'WebAssembly component over the echo floor, 256 in flight',
    fixed(value, 2),
    `≥ ${BARS.wasmComponentRatio}`,
  ],
  pooledColdMs: (value) => [
    'Cold by pooled isolate, 5 KB, p50 over warm p50',
    `${fixed(value, 2)} ms`,
    `≤ ${BARS.pooledColdMs} ms`,
  ],
  pooledColdLargeMs: (value) => [
    'Cold by pooled isolate, 100 KB, p50 over warm p50',
    `${fixed(value, 2)} ms`,
    `≤ ${BARS.pooledColdLargeMs} ms`,
  ],
  pooledColdWasmMs: (value) => [
    'Cold of a WebAssembly module of 2.9 MB, p50 over warm p50',
    `${fixed(value, 2)} ms`,
    `≤ ${BARS.pooledColdWasmMs} ms`,
  ],
  isolateMegabytes: (value) => [
    'RSS of a blank isolate',
    `${fixed(value, 2)} MB`,
    `≤ ${BARS.isolateMegabytes} MB`,
  ],
  idleMegabytes: (value) => [
    'RSS of 1,000 idle functions',
    `${fixed(value, 1)} MB`,
    `≤ ${BARS.idleMegabytes} MB`,
  ],
  startMs: (value) => [
    'Host start with 1,000 functions',
    `${thousands(value)} ms`,
    `< ${thousands(BARS.startMs)} ms`,
  ],
};

/** Everything that a run found, as tables. */
export function toTables(rows: readonly Row[]): readonly Table[] {
  const of = (group: Row['group']): readonly Row[] => rows.filter((row) => row.group === group);
  return [
    loadTable(of('load')),
    coldTable([...of('cold'), ...of('recovery')]),
    isolateTable(of('isolate')),
    densityTable(of('density')),
    verdictTable(findVerdicts(rows)),
  ].filter((table) => table.rows.length > 1);
}

/** A figure of a row in units of `per`. */
function figure(row: Row, name: string, digits: number, per = 1): string {
  const value = metricOf(row, name);
  return fixed(value === undefined ? undefined : value / per, digits);
}

function loadTable(load: readonly Row[]): Table {
  const head = [
    ...['', 'in flight', 'payload B', 'req/s', 'spread', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'],
    ...['CPU µs/req', 'cores busy', 'ratio'],
  ];
  const rows = load.map((row) => [
    row.title,
    String(row.params['inFlight']),
    thousands(Number(row.params['payloadBytes'])),
    thousands(metricOf(row, 'perSecond') ?? Number.NaN),
    `${fixed(100 * spread(row.metrics.find(({ name }) => name === 'perSecond')?.rounds ?? []), 0)} %`,
    ...['p50Ms', 'p95Ms', 'p99Ms', 'maxMs'].map((name) => figure(row, name, 2)),
    figure(row, 'cpuUs', 1),
    ['coresGenerator', 'coresServer', 'coresResponder'].map((name) => figure(row, name, 2)).join(' / '),
    figure(row, 'ratio', 2),
  ]);
  return { title: 'Load', rows: [head, ...rows] };
}

function coldTable(cold: readonly Row[]): Table {
  const head = ['', 'n', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'warm p50 ms', 'over warm ms'];
  const rows = cold.map((row) => [
    row.title,
    String(row.n),
    ...['p50Ms', 'p95Ms', 'p99Ms', 'maxMs', 'warmP50Ms', 'overWarmMs'].map((name) => figure(row, name, 2)),
  ]);
  return { title: 'Cold starts, end to end', rows: [head, ...rows] };
}

function isolateTable(isolates: readonly Row[]): Table {
  const head = ['', 'n', 'p50 ms', 'p99 ms', 'RSS MB', 'heap MB'];
  const rows = isolates.map((row) => [
    row.title,
    String(row.n),
    figure(row, 'p50Ms', 2),
    figure(row, 'p99Ms', 2),
    figure(row, 'rssBytes', 2, 1e6),
    figure(row, 'heapBytes', 2, 1e6),
  ]);
  return { title: 'Isolates', rows: [head, ...rows] };
}

function densityTable(density: readonly Row[]): Table {
  const head = ['', 'functions', 'processes', 'RSS MB', 'start ms'];
  const rows = density.map((row) => [
    row.title,
    thousands(Number(row.params['functions'])),
    figure(row, 'processes', 0),
    figure(row, 'rssBytes', 1, 1e6),
    figure(row, 'startMs', 0),
  ]);
  return { title: 'Idle functions: host and cells', rows: [head, ...rows] };
}

function verdictTable(verdicts: readonly Verdict[]): Table {
  const head = ['', 'measured', 'bar', ''];
  const rows = verdicts.map(({ bar, value, passed }) => [...BAR_NAMES[bar](value), passed ? 'PASS' : 'FAIL']);
  return { title: 'Bars', rows: [head, ...rows] };
}

/** For a terminal: columns aligned, figures to the right. */
export function renderText({ title, rows }: Table): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return [title, ...lines].join('\n');
}

/** For a document. */
export function renderMarkdown({ title, rows: [head = [], ...rows] }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, column) => (column === 0 ? '---' : '---:')));
  return [`### ${title}`, '', line(head), rule, ...rows.map(line)].join('\n');
}
