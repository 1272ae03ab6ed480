/** What a cell hands to its host about its work, over the same channel as all else. */
import type { InvocationStatus } from './observer.ts';

/** How much a cell is to observe. Given to it at its start; nothing in it is secret. */
export interface ObserveOptions {
  readonly metrics: boolean;
  /** Undefined: no spans are made. */
  readonly sampler: TraceSampler | undefined;
  /** Whether each kind of host call is told once, for the grants that it needs. */
  readonly calls?: boolean;
  /** Between two reports to the host. */
  readonly reportMs: number;
}

/** Which traces are recorded, in the terms of `OTEL_TRACES_SAMPLER`. */
export interface TraceSampler {
  /** Whether a caller's decision is followed. */
  readonly parentBased: boolean;
  /** Share of the traces that begin here, 0 to 1. */
  readonly ratio: number;
}

export const SPAN_KINDS = ['internal', 'client', 'server', 'producer', 'consumer'] as const;

/** A finished span. */
export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentId: string;
  readonly tracestate: string;
  readonly kind: (typeof SPAN_KINDS)[number];
  readonly name: string;
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly status: InvocationStatus;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** Upper bounds of the duration histograms, in seconds; one more bucket takes the rest. */
export const DURATION_BOUNDS_S = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

/** What was measured since the last report. */
export interface Durations {
  /** One count per bucket of {@link DURATION_BOUNDS_S}, and one for the rest. */
  readonly counts: readonly number[];
  readonly sumS: number;
}

export interface CallReport {
  readonly service: string;
  /** `invalid` for what the service does not have. */
  readonly op: string;
  readonly statuses: Readonly<Record<string, number>>;
  readonly durations: Durations;
}

/** One function since the last report; gauges as they are now. */
export interface FunctionReport {
  readonly id: string;
  readonly inFlight: number;
  readonly queued: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly durations: Durations;
  readonly queueing: Durations;
  readonly coldStarts: Readonly<Record<string, number>>;
  readonly entries: number;
  readonly droppedLogs: number;
  readonly calls: readonly CallReport[];
}

/** A whole cell since the last report; gauges as they are now. */
export interface MetricsReport {
  readonly rssBytes: number;
  readonly warm: number;
  readonly blank: number;
  readonly evicted: number;
  readonly droppedReplies: number;
  readonly functions: readonly FunctionReport[];
}

export const CALL_OUTCOMES = ['used', 'denied', 'address-denied'] as const;

/** A kind of host call that a function has made: what it named, and never what it sent or got. */
export interface CallUse {
  readonly functionId: string;
  /** Of the binding. Empty where `op` tells of the function itself: `invoke`, or `overflow` when kinds are left out. */
  readonly label: string;
  readonly service: string;
  readonly op: string;
  /** A key, a subject, or a method and a URL without its query; empty where the call names nothing that is known. */
  readonly name: string;
  /** `used` also when it failed for another reason than its grant. */
  readonly outcome: (typeof CALL_OUTCOMES)[number];
}

export interface TelemetryReport {
  readonly spans: readonly SpanRecord[];
  /** Spans that found the queue full since the last report. */
  readonly droppedSpans: number;
  readonly metrics: MetricsReport | undefined;
  /** Kinds of host call that were not told before. */
  readonly calls?: readonly CallUse[] | undefined;
}

/** Ceilings of a report; the host refuses more. */
export const TELEMETRY_LIMITS = {
  /** Spans that a cell keeps for its next report; more are dropped and counted. */
  queuedSpans: 2_048,
  /** Functions in one report of a cell; the others are told of in the next one. */
  functionsPerReport: 10_000,
  /** Kinds of host call that are told apart in one function. */
  callsPerFunction: 64,
  attributeChars: 512,
  /** Kinds of host call that are told of one version of a function in one cell; then that there are more. */
  callUses: 1_000,
  /** Kinds in one report; the rest is told in the next one. */
  callUsesPerReport: 10_000,
  /** Longest name of a key, subject or URL in them. */
  callNameChars: 2_048,
} as const;
