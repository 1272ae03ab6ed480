import type { BenchResults } from '../results.ts';
import { BARS, type Verdict } from './bars.ts';
import type { ColdSummary, LoadSummary, Summary } from './summary.ts';

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

const TARGET_NAMES: Readonly<Record<LoadSummary['target'], string>> = {
  'echo-floor': 'bare nats.js echo (floor)',
  'echo-function': 'echo function',
  'bridge-call': 'function with one host call (a timer of 0 ms)',
  'digest-call': 'function with one digest of the payload, made by the host at once',
  'kv-floor': 'bare nats.js KV get (floor)',
  'kv-function': 'function with one KV get',
  'wasm-command': 'WebAssembly command, a fresh instance each time',
  'wasm-reactor': 'WebAssembly reactor, a fresh instance each time',
  'wasm-component': 'WebAssembly component, a fresh instance each time',
  'wasi-node': 'the same command by node:wasi, without a host',
};

const COLD_NAMES: Readonly<Record<ColdSummary['tier'], string>> = {
  'pooled-isolate': 'pooled isolate, 5 KB',
  'pooled-isolate-large': 'pooled isolate, 100 KB',
  'fresh-isolate': 'fresh isolate, 5 KB',
  'pooled-wasm': 'pooled isolate, WebAssembly command',
  'pooled-wasm-large': 'pooled isolate, WebAssembly command, 2.9 MB',
  'spare-cell': 'cell killed, spare cell takes over',
  'fresh-cell': 'cell killed, fresh cell (process start included)',
};

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
export function toTables(results: BenchResults, summary: Summary): readonly Table[] {
  return [
    loadTable(summary.load),
    coldTable(summary.cold),
    isolateTable(results),
    densityTable(results),
    verdictTable(summary.verdicts),
  ].filter(({ rows }) => rows.length > 1);
}

function loadTable(load: readonly LoadSummary[]): Table {
  const head = ['', 'in flight', 'req/s', 'spread', 'p50 µs', 'p99 µs', 'CPU µs/req', 'cores busy', 'ratio'];
  const rows = load.map((one) => [
    TARGET_NAMES[one.target],
    String(one.inFlight),
    thousands(one.perSecond),
    `${fixed(one.spread * 100, 0)} %`,
    thousands(one.p50Us),
    thousands(one.p99Us),
    fixed(one.responderCpuUs, 1),
    [one.generatorCores, one.serverCores, one.responderCores].map((cores) => fixed(cores, 2)).join(' / '),
    fixed(one.ratio, 2),
  ]);
  return { title: 'Load', rows: [head, ...rows] };
}

function coldTable(cold: readonly ColdSummary[]): Table {
  const head = ['', 'n', 'p50 ms', 'p99 ms', 'warm p50 ms', 'over warm ms'];
  const rows = cold.map((one) => [
    COLD_NAMES[one.tier],
    String(one.count),
    fixed(one.p50Ms, 2),
    fixed(one.p99Ms, 2),
    fixed(one.warmP50Ms, 2),
    fixed(one.overWarmMs, 2),
  ]);
  return { title: 'Cold starts, end to end', rows: [head, ...rows] };
}

function isolateTable({ isolates }: BenchResults): Table {
  const head = ['', 'n', 'p50 ms', 'p99 ms', 'RSS MB', 'heap MB'];
  if (isolates === null) return { title: 'Isolates', rows: [head] };
  const { createP50Ms, createP99Ms, rssBytes, heapBytes } = isolates;
  const row = [
    'made, with the whole prelude run',
    String(isolates.isolates),
    fixed(createP50Ms, 2),
    fixed(createP99Ms, 2),
    fixed(rssBytes / 1e6, 2),
    fixed(heapBytes / 1e6, 2),
  ];
  const { small, large } = isolates.scripts ?? {};
  const scripts = [
    ['V8 alone compiles by its cache and runs 5 KB, after a pause', small],
    ['the same with 100 KB', large],
  ] as const;
  const rows = scripts.flatMap(([name, figures]) =>
    figures === undefined
      ? []
      : [[name, String(figures.count), fixed(figures.p50Ms, 2), fixed(figures.p99Ms, 2), '–', '–']],
  );
  return { title: 'Isolates', rows: [head, row, ...rows] };
}

function densityTable({ density }: BenchResults): Table {
  const head = ['', 'functions', 'processes', 'RSS MB'];
  const rows = (density?.samples ?? []).map(({ when, functions, processes, rssBytes }) => [
    when,
    thousands(functions),
    String(processes),
    fixed(rssBytes / 1e6, 1),
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
