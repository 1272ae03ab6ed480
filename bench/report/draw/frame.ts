import type { Chart, Series } from '../charts/chart.ts';
import { escapeHtml } from '../escape.ts';
import { colorOf, dashOf, PALETTE_CSS } from './palette.ts';

/** Of every plot, in pixels. */
export const WIDTH = 860;

const FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";
const TITLE_CHARACTERS = 82;
const SUBTITLE_CHARACTERS = 120;
const LINE_HEIGHT = 18;
const TITLE_HEIGHT = 22;
const LEGEND_CHARACTER = 6.6;
const SWATCH = 22;
const GAP = 20;

/** Title, subtitle and legend above what the library drew, in one SVG. */
export function frame(chart: Chart, inner: string): string {
  const size = /viewBox="0 0 (\d+) (\d+)"/.exec(inner);
  if (size === null) throw new Error(`The library drew no SVG of "${chart.id}"`);
  const lines: string[] = [];
  let y = TITLE_HEIGHT;
  for (const text of wrap(chart.title, TITLE_CHARACTERS)) {
    lines.push(`<text x="0" y="${y}" font-size="16" font-weight="600">${escapeHtml(text)}</text>`);
    y += TITLE_HEIGHT;
  }
  for (const text of wrap(chart.subtitle, SUBTITLE_CHARACTERS)) {
    lines.push(`<text class="hs-quiet" x="0" y="${y}" font-size="12">${escapeHtml(text)}</text>`);
    y += LINE_HEIGHT;
  }
  if (chart.kind === 'lines' && chart.series.length > 1) {
    lines.push(drawLegend(chart.series, y));
    y += LINE_HEIGHT;
  }
  const height = y + Number(size[2]);
  const margin = 16;
  const box = `${-margin} ${-margin / 2} ${WIDTH + 2 * margin} ${height + margin}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="hs-chart" viewBox="${box}" role="img" aria-label="${escapeHtml(chart.title)}" font-family="${FONT}">`,
    `<style>${PALETTE_CSS}</style>`,
    `<rect class="hs-paper" x="${-margin}" y="${-margin / 2}" width="${WIDTH + 2 * margin}" height="${height + margin}"/>`,
    ...lines,
    nest(inner, y),
    '</svg>',
  ].join('\n');
}

/** What the library drew, as a group at that height, without its size and its style. */
function nest(inner: string, y: number): string {
  return inner
    .replace(/<style>[^<]*<\/style>/, '')
    .replace(/^<svg([^>]*)>/, (_, attributes: string) => {
      const kept = attributes.replace(/ (?:viewBox|width|height|class|xmlns)="[^"]*"/g, '');
      return `<g transform="translate(0,${y})"${kept}>`;
    })
    .replace(/<\/svg>$/, '</g>');
}

function drawLegend(series: readonly Series[], y: number): string {
  let x = 0;
  return series
    .map((one) => {
      const from = x;
      x += SWATCH + 6 + one.name.length * LEGEND_CHARACTER + GAP;
      return [
        `<line x1="${from}" x2="${from + SWATCH}" y1="${y - 4}" y2="${y - 4}" stroke="${colorOf(one.tone)}" stroke-width="2" stroke-dasharray="${dashOf(one)}"/>`,
        `<text x="${from + SWATCH + 6}" y="${y}" font-size="12">${escapeHtml(one.name)}</text>`,
      ].join('');
    })
    .join('\n');
}

/** Lines of so many characters at most, cut at blanks. */
export function wrap(text: string, characters: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > characters) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
