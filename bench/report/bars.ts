import { metricOf, type Row } from '../../src/measure/index.ts';

/** What a run is held to; the issue of each feature sets them. */
export const BARS = {
  /** Functions over floor at 256 in flight, at least. */
  warmRatio: 0.6,
  /** With one host call that the bridge answers, over the echo floor, at least. */
  hostCallRatio: 0.5,
  /** A KV get inside a function over the same get by plain nats.js, at 64 in flight, at least. */
  kvRatio: 0.6,
  /** What it adds to the p50 of that with one in flight, at most. */
  kvAddsMs: 0.15,
  /** A WebAssembly command, a fresh instance per message, over the echo floor at 256 in flight, at least. */
  wasmCommandRatio: 0.4,
  /** The same for a reactor. */
  wasmReactorRatio: 0.55,
  /** The same for a small component. */
  wasmComponentRatio: 0.35,
  /** First request to a function of 5 KB by a pooled isolate over its warm p50, at most. */
  pooledColdMs: 0.5,
  /** The same for a function of 100 KB. */
  pooledColdLargeMs: 1.5,
  /** The same for a WebAssembly module of 2.9 MB. */
  pooledColdWasmMs: 10,
  /** RSS of a blank isolate with the whole prelude, at most. */
  isolateMegabytes: 2,
  /** RSS of 1,000 idle functions, at most. */
  idleMegabytes: 40,
  /** Start of a host that has 1,000 functions, at most. */
  startMs: 3_000,
} as const;

/** One bar and how it was met. */
export interface Verdict {
  readonly bar: keyof typeof BARS;
  readonly value: number;
  readonly passed: boolean;
}

export function judge(bar: keyof typeof BARS, value: number): Verdict {
  const isFloor = bar.endsWith('Ratio');
  return { bar, value, passed: isFloor ? value >= BARS[bar] : value <= BARS[bar] };
}

interface BarSource {
  readonly subject: string;
  readonly params: Row['params'];
  readonly metric: string;
  /** Units of the metric in one unit of the bar. @default 1 */
  readonly per?: number;
}

const load = (subject: string, inFlight: number, metric = 'ratio'): BarSource => ({
  subject,
  params: { inFlight, payloadBytes: 100 },
  metric,
});
const pooled = (code: string, bundleBytes: number): BarSource => ({
  subject: 'pooled-isolate',
  params: { code, bundleBytes, hostCalls: 0 },
  metric: 'overWarmMs',
});

/** Which figure of which row each bar is about. */
const SOURCES: Readonly<Record<keyof typeof BARS, BarSource>> = {
  warmRatio: load('echo-function', 256),
  hostCallRatio: load('bridge-call', 256),
  kvRatio: load('kv-function', 64),
  kvAddsMs: load('kv-function', 1, 'addsMs'),
  wasmCommandRatio: load('wasm-command', 256),
  wasmReactorRatio: load('wasm-reactor', 256),
  wasmComponentRatio: load('wasm-component', 256),
  pooledColdMs: pooled('javascript', 5_000),
  pooledColdLargeMs: pooled('javascript', 100_000),
  pooledColdWasmMs: pooled('wasm-command', 2_900_000),
  isolateMegabytes: { subject: 'blank-isolate', params: {}, metric: 'rssBytes', per: 1e6 },
  idleMegabytes: {
    subject: 'started',
    params: { functions: 1_000 },
    metric: 'extraRssBytes',
    per: 1e6,
  },
  startMs: { subject: 'started', params: { functions: 1_000 }, metric: 'startMs' },
};

/** How the bars were met whose rows are there. */
export function findVerdicts(rows: readonly Row[]): readonly Verdict[] {
  return (Object.keys(BARS) as (keyof typeof BARS)[]).flatMap((bar) => {
    const { subject, params, metric, per = 1 } = SOURCES[bar];
    const row = rows.find(
      (one) =>
        one.subject === subject &&
        Object.entries(params).every(([name, value]) => one.params[name] === value),
    );
    const value = row === undefined ? undefined : metricOf(row, metric);
    return value === undefined ? [] : [judge(bar, value / per)];
  });
}
