import type { Chart, LineChart, RangeChart } from '../charts/chart.ts';
import { quantity, significant, thousands } from '../format.ts';
import { frame, WIDTH, wrap } from './frame.ts';
import type { Drawing, PlotLibrary } from './library.ts';
import { colorOf, dashOf } from './palette.ts';

const CHARACTER = 7;
/** Longer names go on in the next line. */
const NAME_CHARACTERS = 52;
const NAME_LINE_HEIGHT = 12;
const ROW_HEIGHT = 26;
const LINES_HEIGHT = 320;
/** Room for figures at the right of dots and bars. */
const FIGURES_WIDTH = 130;

/** One plot as SVG that needs nothing else: colours for light, dark and print are in it. */
export function drawChart({ plot, document }: Drawing, chart: Chart): string {
  const own = chart.kind === 'lines' ? lineOptions(plot, chart) : rangeOptions(plot, chart);
  const options = { document, width: WIDTH, style: { fontSize: '12px' }, ...own };
  return frame(chart, plot.plot(options).outerHTML);
}

function lineOptions(plot: PlotLibrary, { x, y, series }: LineChart): object {
  const xs = [...new Set(series.flatMap(({ points }) => points.map((point) => point.x)))];
  const ticks = x.log ? xs : undefined;
  return {
    height: LINES_HEIGHT,
    marginLeft: 64,
    marginBottom: 44,
    marginRight: 24,
    x: {
      type: x.log ? 'log' : 'linear',
      axis: null,
      ...(x.log ? {} : { zero: true }),
    },
    y: {
      type: y.log ? 'log' : 'linear',
      label: y.label,
      labelArrow: 'none',
      grid: true,
      ticks: y.log ? 4 : 6,
      tickFormat: y.log ? plainNumber : thousands,
      ...(y.log ? {} : { zero: true }),
    },
    marks: [
      // With a text of its own for each tick: a logarithmic axis leaves out those between its powers.
      plot.axisX(ticks ?? null, {
        label: x.label,
        labelAnchor: 'center',
        labelArrow: 'none',
        ...(ticks === undefined ? { tickFormat: thousands } : { text: ticks.map(thousands) }),
      }),
      ...(y.log ? [] : [plot.ruleY([0], { strokeOpacity: 0.5 })]),
      ...series.flatMap((one) => [
        plot.line(one.points, {
          x: 'x',
          y: 'y',
          stroke: colorOf(one.tone),
          strokeWidth: 2,
          strokeDasharray: dashOf(one),
        }),
        plot.dot(one.points, { x: 'x', y: 'y', r: 3, fill: colorOf(one.tone) }),
      ]),
    ],
  };
}

function rangeOptions(plot: PlotLibrary, { label, unit, items }: RangeChart): object {
  const data = items.map((item, index) => ({
    key: String(index),
    middle: item.middle,
    high: item.high ?? item.middle,
    color: colorOf(item.tone),
    text: [
      quantity(item.middle, unit),
      ...(item.high === undefined ? [] : [`p99 ${significant(item.high)}`]),
    ].join(' · '),
  }));
  const names = items.map(({ name }) => wrap(name.replaceAll('`', ''), NAME_CHARACTERS));
  const longest = Math.max(...names.flat().map(({ length }) => length));
  const lines = Math.max(...names.map(({ length }) => length));
  return {
    height: data.length * (ROW_HEIGHT + (lines - 1) * NAME_LINE_HEIGHT) + 60,
    marginLeft: Math.ceil(longest * CHARACTER) + 18,
    marginRight: FIGURES_WIDTH,
    marginBottom: 44,
    // By number: two peers may have one name.
    y: {
      domain: data.map(({ key }) => key),
      label: null,
      tickSize: 0,
      tickFormat: (key: string) => names[Number(key)]?.join('\n') ?? '',
    },
    x: {
      type: 'log',
      label,
      labelAnchor: 'center',
      labelArrow: 'none',
      grid: true,
      tickFormat: plainNumber,
      nice: true,
      ticks: 5,
    },
    marks: [
      plot.ruleY(data, { x1: 'middle', x2: 'high', y: 'key', stroke: 'color', strokeWidth: 2 }),
      plot.dot(data, { x: 'middle', y: 'key', fill: 'color', r: 5 }),
      plot.text(data, { x: 'high', y: 'key', text: 'text', textAnchor: 'start', dx: 9 }),
    ],
  };
}

function plainNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
