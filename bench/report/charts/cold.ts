import { metricOf, type Row } from '../../../src/measure/index.ts';
import { findFigure } from '../find-row.ts';
import { quantity } from '../format.ts';
import type { RangeChart, Tone } from './chart.ts';

const LABEL = 'milliseconds from request to reply, logarithmic';
const HOW = 'Dot: p50. Whisker: p95. End to end, one request at a time.';

const ms = (value: number): string => quantity(value, 'ms');
const times = (value: number): string => `${value >= 10 ? Math.round(value) : value.toFixed(1)} times`;

/** First requests by what has to be made for them. */
export function coldChart(rows: readonly Row[]): RangeChart | undefined {
  const cold = rows.filter(
    (row) => row.group === 'cold' && (isUsual(row) || row.subject === 'pooled-isolate'),
  );
  const items = rangeItems(cold, ({ subject }) => (subject === 'warm' ? 'floor' : 'ours'));
  if (items.length < 2) return undefined;
  const pooled = findFigure(rows, { group: 'cold', subject: 'pooled-isolate', metric: 'p50Ms' });
  const title =
    pooled === undefined
      ? 'Cold starts by what has to be made'
      : `A pooled isolate answers its first request in ${ms(pooled)}`;
  return {
    kind: 'ranges',
    id: 'cold-start',
    title,
    subtitle: `${HOW} Grey: warm.`,
    label: LABEL,
    unit: 'ms',
    items,
  };
}

/** Of the size that people write. */
function isUsual({ params }: Row): boolean {
  return params['code'] === 'javascript' && params['bundleBytes'] === 5_000 && !params['hostCalls'];
}

/** The same with what people would use instead. */
export function peerColdChart(rows: readonly Row[]): RangeChart | undefined {
  const peers = rows.filter(({ group }) => group === 'peer-cold');
  const items = rangeItems(peers, ({ subject, metrics }) => {
    if (subject.startsWith('hairspring')) return 'ours';
    return metrics.some(({ name }) => name === 'overWarmMs') ? 'other' : 'floor';
  });
  if (items.length < 2) return undefined;
  return {
    kind: 'ranges',
    id: 'peer-cold-start',
    title: peerTitle(rows),
    subtitle: `${HOW} Grey: floors, which start nothing.`,
    label: LABEL,
    unit: 'ms',
    items: items.toSorted((a, b) => a.middle - b.middle),
  };
}

function peerTitle(rows: readonly Row[]): string {
  const ours = findFigure(rows, { group: 'peer-cold', subject: 'hairspring', metric: 'p50Ms' });
  const factor = (subject: string): number | undefined =>
    findFigure(rows, { group: 'peer-cold', subject, metric: 'timesOurs' });
  const [worker, child] = [factor('workerd-dynamic'), factor('child-process')];
  if (ours === undefined) return 'Cold starts, side by side';
  const others = [
    ...(child === undefined ? [] : [`a fresh Node process takes ${times(child)} as long`]),
    ...(worker === undefined ? [] : [`over HTTP workerd’s dynamic worker ${times(worker)} as long as ours`]),
  ];
  return [`Waking an idle function takes ${ms(ours)}`, others.join(', ')].filter(Boolean).join('; ');
}

function rangeItems(rows: readonly Row[], toneOf: (row: Row) => Tone): RangeChart['items'] {
  return rows.flatMap((row) => {
    const middle = metricOf(row, 'p50Ms');
    const high = metricOf(row, 'p95Ms') ?? metricOf(row, 'maxMs');
    if (middle === undefined || high === undefined) return [];
    return [{ name: row.title, tone: toneOf(row), middle, high }];
  });
}
