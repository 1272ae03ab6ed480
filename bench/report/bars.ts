import type { Row, Unit } from '../../src/measure/index.ts';
import { type FigureQuery, findFigure } from './find-row.ts';
import { quantity } from './format.ts';
import { peerBars } from './peer-bars.ts';

/** What a run is held to; the issue of each feature sets it. */
export interface Bar {
  readonly title: string;
  readonly unit: Unit;
  readonly of: FigureQuery;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One bar and how it was met. */
export interface BarResult {
  readonly bar: Bar;
  readonly value: number;
  readonly passed: boolean;
}

const load = (subject: string, inFlight: number, metric = 'ratio'): FigureQuery => ({
  group: 'load',
  subject,
  params: { inFlight, payloadBytes: 100 },
  metric,
});

const overWarm = (code: string, bundleBytes: number): FigureQuery => ({
  group: 'cold',
  subject: 'pooled-isolate',
  params: { code, bundleBytes, hostCalls: 0 },
  metric: 'overWarmMs',
});

const started = (metric: string): FigureQuery => ({
  group: 'density',
  subject: 'started',
  params: { functions: 1_000 },
  metric,
});

const ratio = (title: string, of: FigureQuery, atLeast: number): Bar => ({
  title,
  unit: 'ratio',
  of,
  atLeast,
});
const delay = (title: string, of: FigureQuery, atMost: number): Bar => ({ title, unit: 'ms', of, atMost });

const BARS: readonly Bar[] = [
  ratio('Echo function over its floor, 256 in flight', load('echo-function', 256), 0.6),
  ratio('One host call over the echo floor, 256 in flight', load('bridge-call', 256), 0.5),
  ratio('KV get in a function over plain nats.js, 64 in flight', load('kv-function', 64), 0.6),
  delay('What it adds to the p50 of plain nats.js, one in flight', load('kv-function', 1, 'addsMs'), 0.15),
  ratio('WebAssembly command over the echo floor, 256 in flight', load('wasm-command', 256), 0.4),
  ratio('WebAssembly reactor over the echo floor, 256 in flight', load('wasm-reactor', 256), 0.55),
  ratio('WebAssembly component over the echo floor, 256 in flight', load('wasm-component', 256), 0.35),
  delay('Cold by pooled isolate, 5 KB, p50 over warm p50', overWarm('javascript', 5_000), 0.5),
  delay('Cold by pooled isolate, 100 KB, p50 over warm p50', overWarm('javascript', 100_000), 1.5),
  delay('Cold of a WebAssembly module of 2.9 MB, p50 over warm p50', overWarm('wasm-command', 2_900_000), 10),
  {
    title: 'RSS of a blank isolate',
    unit: 'bytes',
    of: { group: 'isolate', subject: 'blank-isolate', metric: 'rssBytes' },
    atMost: 2e6,
  },
  { title: 'RSS of 1,000 idle functions', unit: 'bytes', of: started('extraRssBytes'), atMost: 40e6 },
  delay('Host start with 1,000 functions', started('startMs'), 3_000),
];

/** How the bars were met whose rows are there. */
export function judgeBars(rows: readonly Row[]): readonly BarResult[] {
  return [...BARS, ...peerBars(rows)].flatMap((bar) => {
    const value = findFigure(rows, bar.of);
    if (value === undefined) return [];
    const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = bar;
    return [{ bar, value, passed: value >= atLeast && value <= atMost }];
  });
}

/** Title, what was measured and what was asked for, as text. */
export function describeBar({ bar, value }: BarResult): readonly [string, string, string] {
  const { title, unit, atLeast, atMost } = bar;
  const asked = atLeast === undefined ? `≤ ${quantity(atMost, unit)}` : `≥ ${quantity(atLeast, unit)}`;
  return [title, quantity(value, unit), asked];
}
