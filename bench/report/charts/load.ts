import { metricOf, type Row } from '../../../src/measure/index.ts';
import { findFigure } from '../find-row.ts';
import { percent, thousands } from '../format.ts';
import type { BarChart, LineChart, Point, Series, Tone } from './chart.ts';

const PAYLOAD_BYTES = 100;
const SUBJECTS = [
  { subject: 'echo-floor', name: 'bare nats.js echo', tone: 'floor' },
  { subject: 'echo-function', name: 'echo function', tone: 'ours' },
] as const;

/** Requests under way at which peers are compared: the busiest that all of them share. */
const PEER_IN_FLIGHT = [256, 64, 16, 1];

function pointsOf(rows: readonly Row[], param: string, metric: string): readonly Point[] {
  return rows
    .flatMap((row) => {
      const x = row.params[param];
      const y = metricOf(row, metric);
      return typeof x === 'number' && y !== undefined && y > 0 ? [{ x, y }] : [];
    })
    .toSorted((a, b) => a.x - b.x);
}

function seriesOf(
  rows: readonly Row[],
  param: string,
  metrics: readonly { readonly metric: string; readonly suffix: string; readonly dashed: boolean }[],
): readonly Series[] {
  return SUBJECTS.flatMap(({ subject, name, tone }) => {
    const own = rows.filter((row) => row.subject === subject);
    return metrics.flatMap(({ metric, suffix, dashed }) => {
      const points = pointsOf(own, param, metric);
      return points.length < 2 ? [] : [{ name: `${name}${suffix}`, tone, dashed, points }];
    });
  });
}

/** At fixed rates, until the responder cannot follow. */
export function openLoopChart(rows: readonly Row[]): LineChart | undefined {
  const open = rows.filter(({ group }) => group === 'open-loop');
  const series = seriesOf(open, 'ratePerSecond', [
    { metric: 'p50Ms', suffix: ', p50', dashed: false },
    { metric: 'p99Ms', suffix: ', p99', dashed: true },
  ]);
  if (series.length === 0) return undefined;
  const ours = series.find(({ tone, dashed }) => tone === 'ours' && !dashed);
  const knee = ours === undefined ? undefined : kneeOf(ours.points);
  return {
    kind: 'lines',
    id: 'latency-by-rate',
    title:
      knee === undefined
        ? 'Latency at fixed rates'
        : `A function keeps up with ${thousands(knee)} requests a second; beyond, a queue grows`,
    subtitle:
      'Open loop: requests are sent when they are due, and their latency counts from then, whatever the replies do.',
    x: { label: 'requests a second, as asked for', log: false },
    y: { label: 'milliseconds, logarithmic', log: true },
    series,
  };
}

/** A rate whose p50 is so many times that of the quietest rate is past the knee. */
const KNEE_FACTOR = 10;

/** The highest rate before the knee; undefined when all rates are before it. */
function kneeOf(points: readonly Point[]): number | undefined {
  const base = Math.min(...points.map(({ y }) => y));
  const past = points.findIndex(({ y }) => y > KNEE_FACTOR * base);
  return past < 1 ? undefined : points[past - 1]?.x;
}

/** As fast as replies come. */
export function throughputChart(rows: readonly Row[]): LineChart | undefined {
  const load = rows.filter(
    ({ group, params }) => group === 'load' && params['payloadBytes'] === PAYLOAD_BYTES,
  );
  const series = seriesOf(load, 'inFlight', [{ metric: 'perSecond', suffix: '', dashed: false }]);
  if (series.length === 0) return undefined;
  const ratio = findFigure(rows, {
    group: 'load',
    subject: 'echo-function',
    params: { inFlight: 256, payloadBytes: PAYLOAD_BYTES },
    metric: 'ratio',
  });
  return {
    kind: 'lines',
    id: 'throughput-by-in-flight',
    title:
      ratio === undefined
        ? 'Throughput by requests in flight'
        : `With 256 requests in flight a function gives ${percent(ratio)} of what bare nats.js does`,
    subtitle: `Closed loop, ${PAYLOAD_BYTES} B of payload; client, server and function share the machine.`,
    x: { label: 'requests in flight, logarithmic', log: true },
    y: { label: 'requests a second', log: false },
    series,
  };
}

/** What one request costs whoever answers it. */
export function cpuChart(rows: readonly Row[]): BarChart | undefined {
  const peers = rows.filter(({ group }) => group === 'peer-load');
  const inFlight = PEER_IN_FLIGHT.find((count) => peers.some(({ params }) => params['inFlight'] === count));
  const items = peers
    .filter(({ params }) => params['inFlight'] === inFlight)
    .flatMap((row) => {
      const value = metricOf(row, 'cpuUs');
      return value === undefined ? [] : [{ name: row.title, tone: toneOf(row), value, row }];
    })
    .toSorted((a, b) => a.value - b.value);
  if (items.length < 2) return undefined;
  const ours = items.find(({ tone }) => tone === 'ours');
  return {
    kind: 'bars',
    id: 'peer-cpu',
    title:
      ours === undefined
        ? 'CPU for each request'
        : `A request to a warm function costs ${ours.value.toFixed(1)} µs of CPU`,
    subtitle: `Of the responder with all its processes, ${inFlight} requests in flight. Grey: the floor of each transport.`,
    label: 'microseconds of CPU for each request',
    items: items.map(({ name, tone, value }) => ({ name, tone, value })),
  };
}

function toneOf({ subject, metrics }: Row): Tone {
  if (subject === 'hairspring') return 'ours';
  return metrics.some(({ name }) => name === 'ratio') ? 'other' : 'floor';
}
