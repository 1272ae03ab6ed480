import type { BenchResults } from '../results.ts';
import { judgeBars } from './bars.ts';
import { chartsOf } from './charts/index.ts';
import { describeRun, METHOD } from './describe-run.ts';
import { drawChart } from './draw/draw-chart.ts';
import type { Drawing } from './draw/library.ts';
import { escapeHtml } from './escape.ts';
import { findingsOf } from './findings.ts';
import { findNotes } from './notes.ts';
import type { Table } from './table.ts';
import { barTable, LEGEND, toTables } from './tables.ts';

const CSS = `
:root { color-scheme: light dark; --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --paper: #ffffff; --band: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --quiet: #9198a1; --line: #3d444d; --paper: #0d1117; --band: #151b23; }
}
@media print {
  :root { color-scheme: light; --ink: #000; --quiet: #444; --line: #bbb; --paper: #fff; --band: #fff; }
  figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  nav { display: none; }
}
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 76rem; color: var(--ink); background: var(--paper); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 0.5rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 0.75rem; }
ul { padding-left: 1.2rem; }
.quiet { color: var(--quiet); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; }
figure { margin: 0; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
figure svg { display: block; width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; width: 100%; }
th, td { padding: 0.3rem 0.6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
th:first-child, td:first-child { text-align: left; }
tbody tr:nth-child(even) { background: var(--band); }
nav a { margin-right: 1rem; }
a { color: inherit; }
`.trim();

/** The whole report as one page that needs no network and no script. Without a library it has no plots, and says so. */
export function renderHtml(results: BenchResults, drawing: Drawing | undefined, missing = ''): string {
  const bars = judgeBars(results.rows);
  const tables: readonly (Table & { readonly id: string })[] = [
    ...toTables(results.rows, { wide: true }).map((table) => ({ ...table, id: table.group })),
    ...(bars.length === 0 ? [] : [{ ...barTable(bars), id: 'bars' }]),
  ];
  const notes = findNotes(results);
  const title = `Hairspring ${results.machine.hairspring}: what the bench found`;
  const [machine = '', ...run] = describeRun(results);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
${CSS}
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p class="quiet">${[machine, ...run].map(escapeHtml).join('<br>')}</p>
<nav>${tables.map(({ id, title: text }) => `<a href="#${id}">${escapeHtml(text)}</a>`).join('')}</nav>
${renderCharts(results, drawing, missing)}
${renderList('What it comes to', findingsOf(results.rows))}
${tables.map(renderSection).join('\n')}
${renderList('How it was measured', METHOD)}
${renderList('How to read the tables', LEGEND)}
${renderList('What the run says of itself', notes)}
</body>
</html>
`;
}

function renderCharts(results: BenchResults, drawing: Drawing | undefined, missing: string): string {
  if (drawing === undefined) return `<p class="quiet">${escapeHtml(missing)}</p>`;
  const figures = chartsOf(results.rows).map(
    (chart) => `<figure id="${chart.id}">\n${drawChart(drawing, chart)}\n</figure>`,
  );
  return `<div class="charts">\n${figures.join('\n')}\n</div>`;
}

function renderSection({ id, title, rows: [head = [], ...rows] }: Table & { readonly id: string }): string {
  const cells = (tag: 'td' | 'th', row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  return `<h2 id="${id}">${escapeHtml(title)}</h2>
<div class="scroll"><table>
<thead>${cells('th', head)}</thead>
<tbody>
${rows.map((row) => cells('td', row)).join('\n')}
</tbody>
</table></div>`;
}

function renderList(title: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  return `<h2>${title}</h2>\n<ul>\n${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('\n')}\n</ul>`;
}
