import { parseBenchOptions } from '../../../bench/options.ts';
import type { BenchResults } from '../../../bench/results.ts';
import { type Metric, makeMetric, makeRow, type Row } from '../../../src/measure/index.ts';

/** How the rounds of a figure lie around it. */
const ROUNDS = [1, 0.98, 1.03, 0.99, 1.02];

function metric(name: string, unit: Metric['unit'], better: Metric['better'], value: number): Metric {
  return makeMetric(
    name,
    unit,
    better,
    ROUNDS.map((factor) => value * factor),
  );
}

function latency(p50: number, p99: number): readonly Metric[] {
  return [
    metric('p50Ms', 'ms', 'lower', p50),
    metric('p95Ms', 'ms', 'lower', (p50 + p99) / 2),
    metric('p99Ms', 'ms', 'lower', p99),
    metric('maxMs', 'ms', 'lower', 1.4 * p99),
  ];
}

/** A row under load. */
export function loadRow(
  subject: string,
  title: string,
  inFlight: number,
  perSecond: number,
  cpuUs: number,
  ratio?: number,
): Row {
  return makeRow({
    group: 'load',
    subject,
    title,
    params: { inFlight, payloadBytes: 100 },
    n: perSecond * 7,
    metrics: [
      metric('perSecond', '1/s', 'higher', perSecond),
      ...latency((1e3 * inFlight) / perSecond, (2.4e3 * inFlight) / perSecond),
      metric('cpuUs', 'µs', 'lower', cpuUs),
      ...(ratio === undefined ? [] : [metric('ratio', 'ratio', 'higher', ratio)]),
    ],
  });
}

function openLoopRow(subject: string, title: string, rate: number, p50: number): Row {
  return makeRow({
    group: 'open-loop',
    subject,
    title: `${title}, ${rate / 1_000} % of its closed-loop maximum`,
    params: { percentOfMax: rate / 1_000, payloadBytes: 100 },
    n: rate,
    metrics: [
      metric('offeredPerSecond', '1/s', undefined, rate),
      metric('perSecond', '1/s', 'higher', rate),
      ...latency(p50, 4 * p50),
    ],
  });
}

function kneeRow(subject: string, title: string, rate: number): Row {
  return makeRow({
    group: 'open-loop',
    subject,
    title: `${title}, the knee`,
    params: { point: 'knee', payloadBytes: 100 },
    n: rate,
    metrics: [makeMetric('kneePerSecond', '1/s', 'higher', [rate, rate, rate])],
  });
}

function coldRow(group: 'cold' | 'peer-cold', subject: string, title: string, p50: number, warm = 1.6): Row {
  return makeRow({
    group,
    subject,
    title,
    params: { code: 'javascript', bundleBytes: 5_000, hostCalls: 0 },
    n: 165,
    metrics: [
      ...latency(p50, 2 * p50),
      metric('warmP50Ms', 'ms', undefined, warm),
      ...(p50 === warm
        ? []
        : [
            metric('overWarmMs', 'ms', 'lower', p50 - warm),
            metric('timesOurs', 'ratio', undefined, p50 / 2.6),
          ]),
    ],
  });
}

function peerRow(subject: string, title: string, perSecond: number, cpuUs: number, isFloor = false): Row {
  const { metrics, ...rest } = loadRow(subject, title, 64, perSecond, cpuUs, isFloor ? undefined : 0.6);
  const times = subject === 'hairspring' ? [] : [metric('cpuTimesOurs', 'ratio', undefined, cpuUs / 18.2)];
  return makeRow({ ...rest, group: 'peer-load', metrics: [...metrics, ...times] });
}

function observationRow(
  subject: string,
  title: string,
  perSecond: number,
  cpuUs: number,
  before?: number,
): Row {
  const { metrics, ...rest } = loadRow(subject, title, 64, perSecond, cpuUs);
  const ratios =
    before === undefined
      ? []
      : [
          metric('rateToBefore', 'ratio', 'higher', 1 / before),
          metric('cpuToBefore', 'ratio', 'lower', before),
        ];
  return makeRow({ ...rest, group: 'observation', metrics: [...metrics, ...ratios] });
}

function fairnessRow(subject: string, title: string, p99: number, added?: number): Row {
  return makeRow({
    group: 'fairness',
    subject,
    title: `a quiet function at 200/s, ${title}`,
    params: { quietPerSecond: 200 },
    n: 720,
    metrics: [
      metric('perSecond', '1/s', 'higher', 200),
      ...latency(p99 / 3, p99),
      ...(added === undefined ? [] : [metric('addsP99Ms', 'ms', 'lower', added)]),
    ],
  });
}

function densityRow(functions: number, rssBytes: number, startMs: number, wakeMs: number): Row {
  return makeRow({
    group: 'density',
    subject: 'started',
    title: `started with ${functions.toLocaleString('en-US')} functions`,
    params: { functions },
    n: 1,
    metrics: [
      makeMetric('rssBytes', 'bytes', 'lower', [rssBytes]),
      makeMetric('startMs', 'ms', 'lower', [startMs]),
      makeMetric('wakeP50Ms', 'ms', 'lower', [wakeMs]),
      makeMetric('wakeP99Ms', 'ms', 'lower', [3 * wakeMs]),
    ],
  });
}

function cellsRow(cells: number, perSecond: number): Row {
  const { subject, n, metrics } = loadRow('echo-function', '', 64, perSecond, 1e6 / perSecond);
  const title = `${cells} namespaces, 64 in flight, spread over all`;
  return makeRow({ group: 'cells', subject, title, params: { cells, inFlight: 64 }, n, metrics });
}

const FLOOR = ['echo-floor', 'bare nats.js echo (floor)'] as const;
const ECHO = ['echo-function', 'echo function'] as const;

/** A run that nobody made, with rows of every group that plots and claims are made of. */
export function madeUpResults(): BenchResults {
  return {
    format: 2,
    startedAt: '2026-01-02T03:04:05.678Z',
    durationSeconds: 365,
    machine: {
      ...{
        cpu: 'A processor',
        cores: 2,
        memoryBytes: 25e9,
        platform: 'linux-x64',
        node: '26.10.0',
        v8: '14.6',
      },
      ...{ isolatedVm: '7.0.1', natsServer: '2.15.1', natsClient: '3.4.0', hairspring: '0.1.0' },
      commit: '0123456789ab',
    },
    plan: parseBenchOptions([]).plan,
    rows: [
      coldRow('cold', 'pooled-isolate', 'pooled isolate, 5 KB', 2.6),
      coldRow('cold', 'new-isolate', 'new isolate, 5 KB', 10.1),
      coldRow('cold', 'new-cell', 'new cell, 5 KB', 780),
      loadRow(...FLOOR, 1, 3_544, 93.3),
      loadRow(...ECHO, 1, 2_179, 268, 0.61),
      loadRow(...FLOOR, 64, 53_777, 8.4),
      loadRow(...ECHO, 64, 33_241, 23.3, 0.63),
      loadRow(...FLOOR, 256, 73_874, 7.1),
      loadRow(...ECHO, 256, 46_783, 18.2, 0.62),
      ...[1_000, 10_000, 30_000, 50_000, 70_000].map((rate) =>
        openLoopRow(...FLOOR, rate, rate === 70_000 ? 9 : 0.3),
      ),
      ...[1_000, 10_000, 30_000, 50_000].map((rate) =>
        openLoopRow(...ECHO, rate, rate === 50_000 ? 40 : 0.5),
      ),
      kneeRow(...ECHO, 30_000),
      observationRow('echo-unobserved', 'echo function, the observer taken out of the code', 50_500, 17.9),
      observationRow('echo-off', 'echo function, observation off (the default)', 50_000, 18, 1.01),
      observationRow('echo-on', 'echo function, traces and metrics on', 25_000, 36, 2),
      fairnessRow('none', 'alone', 1.2),
      fairnessRow('echo', 'beside an echo with 64 in flight', 3.2, 2),
      fairnessRow('echo-apart', 'beside an echo with 64 in flight in another cell', 2.6, 1.4),
      fairnessRow('spin-5', 'beside calls of 5 ms of CPU, one after the other', 3.6, 2.4),
      fairnessRow('spin-30', 'beside calls of 30 ms of CPU, one after the other', 4.1, 2.9),
      coldRow('peer-cold', 'nats-echo', 'bare nats.js echo (floor of NATS)', 0.4, 0.4),
      coldRow('peer-cold', 'hairspring', 'Hairspring, an isolate for each function', 2.6),
      coldRow('peer-cold', 'child-process', 'node:child_process, a Node process for each request', 160),
      coldRow('peer-cold', 'workerd-dynamic', 'workerd, a dynamic worker for each tenant (HTTP)', 16, 0.5),
      peerRow('nats-echo', 'bare nats.js echo (floor of NATS)', 53_000, 8.4, true),
      peerRow('hairspring', 'Hairspring, an isolate for each function', 33_000, 18.2),
      peerRow('worker-threads', 'node:worker_threads, a worker for each tenant', 21_000, 39),
      peerRow('workerd-static', 'workerd, a worker of its configuration (HTTP)', 15_000, 55),
      densityRow(1, 388e6, 700, 2.4),
      densityRow(1_000, 411e6, 1_844, 2.6),
      densityRow(10_000, 640e6, 9_100, 2.9),
      cellsRow(4, 31_000),
      cellsRow(16, 12_000),
    ],
    notes: [],
  };
}
