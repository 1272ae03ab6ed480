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
