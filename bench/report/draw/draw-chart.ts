import type { BarChart, Chart, LineChart, RangeChart } from '../charts/chart.ts';
import { quantity, significant, thousands } from '../format.ts';
import { frame, WIDTH } from './frame.ts';
import type { Drawing, PlotLibrary } from './library.ts';
import { colorOf, dashOf } from './palette.ts';

const CHARACTER = 6.4;
const MAX_NAME = 58;
const ROW_HEIGHT = 26;
const LINES_HEIGHT = 320;
/** Room for figures at the right of dots and bars. */
const FIGURES_WIDTH = 130;

/** One plot as SVG that needs nothing else: colours for light, dark and print are in it. */
export function drawChart({ plot, document }: Drawing, chart: Chart): string {
  const options = { document, width: WIDTH, style: { fontSize: '12px' }, ...optionsOf(plot, chart) };
  return frame(chart, plot.plot(options).outerHTML);
}

function optionsOf(plot: PlotLibrary, chart: Chart): object {
  if (chart.kind === 'lines') return lineOptions(plot, chart);
  return chart.kind === 'ranges' ? rangeOptions(plot, chart) : barOptions(plot, chart);
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

function rangeOptions(plot: PlotLibrary, { label, items }: RangeChart): object {
  const data = items.map((item) => ({ ...item, name: cut(item.name), color: colorOf(item.tone) }));
  return {
    ...nameOptions(data),
    x: { type: 'log', ...figureAxis(label), tickFormat: plainNumber, nice: true, ticks: 5 },
    marks: [
      plot.ruleY(data, { x1: 'middle', x2: 'high', y: 'name', stroke: 'color', strokeWidth: 2 }),
      plot.dot(data, { x: 'middle', y: 'name', fill: 'color', r: 5 }),
      plot.text(data, {
        x: 'high',
        y: 'name',
        text: ({ middle, high }: RangeChart['items'][number]) =>
          `${quantity(middle, 'ms')} · p99 ${significant(high)}`,
        textAnchor: 'start',
        dx: 9,
      }),
    ],
  };
}

function barOptions(plot: PlotLibrary, { label, items }: BarChart): object {
  const data = items.map((item) => ({ ...item, name: cut(item.name), color: colorOf(item.tone) }));
  return {
    ...nameOptions(data),
    x: { ...figureAxis(label), tickFormat: thousands, zero: true, ticks: 6 },
    marks: [
      plot.barX(data, { x: 'value', y: 'name', fill: 'color', insetTop: 4, insetBottom: 4 }),
      plot.text(data, {
        x: 'value',
        y: 'name',
        text: ({ value }: BarChart['items'][number]) => `${significant(value)} µs`,
        textAnchor: 'start',
        dx: 6,
      }),
      plot.ruleX([0]),
    ],
  };
}

/** One line for each name, in the order of the items. */
function nameOptions(data: readonly { readonly name: string }[]): object {
  const names = data.map(({ name }) => name);
  const longest = Math.max(...names.map(({ length }) => length));
  return {
    height: data.length * ROW_HEIGHT + 60,
    marginLeft: Math.ceil(longest * CHARACTER) + 18,
    marginRight: FIGURES_WIDTH,
    marginBottom: 44,
    y: { domain: names, label: null, tickSize: 0 },
  };
}

function figureAxis(label: string): object {
  return { label, labelAnchor: 'center', labelArrow: 'none', grid: true };
}

function cut(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name;
}

function plainNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
