import { metricOf, type Row } from '../../../src/measure/index.ts';
import { PAYLOAD_BYTES } from '../../plan.ts';
import { findFigure } from '../find-row.ts';
import { percent, thousands } from '../format.ts';
import type { LineChart, Point, RangeChart, Series, Tone } from './chart.ts';

const SUBJECTS = [
  { subject: 'echo-floor', name: 'bare nats.js echo', tone: 'floor' },
  { subject: 'echo-function', name: 'echo function', tone: 'ours' },
] as const;

/** Requests under way at which peers are compared: the busiest that all of them share. */
const PEER_IN_FLIGHT = [256, 64, 16, 1];

type Place = (row: Row) => number | undefined;

const inFlightOf: Place = ({ params }) =>
  typeof params['inFlight'] === 'number' ? params['inFlight'] : undefined;
const offeredOf: Place = (row) => metricOf(row, 'offeredPerSecond');

function pointsOf(rows: readonly Row[], place: Place, metric: string): readonly Point[] {
  return rows
    .flatMap((row) => {
      const x = place(row);
      const y = metricOf(row, metric);
      return x !== undefined && y !== undefined && y > 0 ? [{ x, y }] : [];
    })
    .toSorted((a, b) => a.x - b.x);
}

function seriesOf(
  rows: readonly Row[],
  place: Place,
  metrics: readonly { readonly metric: string; readonly suffix: string; readonly dashed: boolean }[],
): readonly Series[] {
  return SUBJECTS.flatMap(({ subject, name, tone }) => {
    const own = rows.filter((row) => row.subject === subject);
    return metrics.flatMap(({ metric, suffix, dashed }) => {
      const points = pointsOf(own, place, metric);
      return points.length < 2 ? [] : [{ name: `${name}${suffix}`, tone, dashed, points }];
    });
  });
}

/** At fixed rates, until the responder cannot follow. */
export function openLoopChart(rows: readonly Row[]): LineChart | undefined {
  const open = rows.filter(
    ({ group, params }) => group === 'open-loop' && params['payloadBytes'] === PAYLOAD_BYTES,
  );
  const series = seriesOf(open, offeredOf, [
    { metric: 'p50Ms', suffix: ', p50', dashed: false },
    { metric: 'p99Ms', suffix: ', p99', dashed: true },
  ]);
  if (series.length === 0) return undefined;
  const knee = findFigure(rows, {
    ...{ group: 'open-loop', subject: 'echo-function', params: { point: 'knee' } },
    metric: 'kneePerSecond',
  });
  return {
    kind: 'lines',
    id: 'latency-by-rate',
    title:
      knee === undefined || knee === 0
        ? 'Latency at fixed rates'
        : `A function answers ${thousands(knee)} requests a second in time; beyond, a queue grows`,
    subtitle:
      'Open loop: requests are sent when they are due, and their latency counts from then, whatever the replies do.',
    x: { label: 'requests a second, as asked for', log: false },
    y: { label: 'milliseconds, logarithmic', log: true },
    series,
  };
}

/** As fast as replies come. */
export function throughputChart(rows: readonly Row[]): LineChart | undefined {
  const load = rows.filter(
    ({ group, params }) => group === 'load' && params['payloadBytes'] === PAYLOAD_BYTES,
  );
  const series = seriesOf(load, inFlightOf, [{ metric: 'perSecond', suffix: '', dashed: false }]);
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
export function cpuChart(rows: readonly Row[]): RangeChart | undefined {
  const peers = rows.filter(({ group }) => group === 'peer-load');
  const inFlight = PEER_IN_FLIGHT.find((count) => peers.some(({ params }) => params['inFlight'] === count));
  const items = peers
    .filter(({ params }) => params['inFlight'] === inFlight)
    .flatMap((row) => {
      const value = metricOf(row, 'cpuUs');
      return value === undefined || value <= 0
        ? []
        : [{ name: row.title, tone: toneOf(row), middle: value, high: undefined }];
    })
    .toSorted((a, b) => a.middle - b.middle);
  if (items.length < 2) return undefined;
  const ours = items.find(({ tone }) => tone === 'ours');
  return {
    kind: 'ranges',
    id: 'peer-cpu',
    title:
      ours === undefined
        ? 'CPU for each request'
        : `A request to a warm function costs ${ours.middle.toFixed(1)} µs of CPU`,
    subtitle: `Of the responder with all its processes, ${inFlight} requests in flight. Grey: the floor of each transport.`,
    label: 'microseconds of CPU for each request, logarithmic',
    unit: 'µs',
    items,
  };
}

function toneOf({ subject, metrics }: Row): Tone {
  if (subject.startsWith('hairspring')) return 'ours';
  return metrics.some(({ name }) => name === 'ratio') ? 'other' : 'floor';
}
