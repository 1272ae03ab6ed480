import { metricOf, type Row } from '../../../src/measure/index.ts';
import { thousands } from '../format.ts';
import type { LineChart, Point } from './chart.ts';

const AXIS = { label: 'idle functions, logarithmic', log: true } as const;

/** Rows of hosts that have just started, or nothing would tell functions from what deploying left behind. */
function started(rows: readonly Row[], metric: string, per: number): readonly Point[] {
  return rows
    .filter(({ group, subject }) => group === 'density' && subject === 'started')
    .flatMap((row) => {
      const x = row.params['functions'];
      const y = metricOf(row, metric);
      return typeof x === 'number' && x > 0 && y !== undefined ? [{ x, y: y / per }] : [];
    })
    .toSorted((a, b) => a.x - b.x);
}

/** What functions cost that nobody calls. */
export function memoryChart(rows: readonly Row[]): LineChart | undefined {
  const points = started(rows, 'rssBytes', 1e6);
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || last.x === first.x) return undefined;
  const kilobytes = ((last.y - first.y) * 1e3) / (last.x - first.x);
  return {
    kind: 'lines',
    id: 'idle-memory',
    title: `Each of ${thousands(last.x)} idle functions adds ${kilobytes.toFixed(1)} KB of memory`,
    subtitle:
      'Resident memory of the host and all its cells after a start; shared pages count in each process.',
    x: AXIS,
    y: { label: 'MB of resident memory', log: false },
    series: [{ name: 'host and cells', tone: 'ours', dashed: false, points }],
  };
}

/** Whether many neighbours make waking slower. */
export function wakeChart(rows: readonly Row[]): LineChart | undefined {
  const [p50, p99] = [started(rows, 'wakeP50Ms', 1), started(rows, 'wakeP99Ms', 1)];
  const last = p50.at(-1);
  if (last === undefined || p50.length < 2) return undefined;
  return {
    kind: 'lines',
    id: 'wake-latency',
    title: `One of ${thousands(last.x)} idle functions wakes in ${last.y.toFixed(1)} ms`,
    subtitle: 'First requests to functions that were idle, end to end over NATS.',
    x: AXIS,
    y: { label: 'milliseconds, logarithmic', log: true },
    series: [
      { name: 'p50', tone: 'ours', dashed: false, points: p50 },
      { name: 'p99', tone: 'ours', dashed: true, points: p99 },
    ],
  };
}
