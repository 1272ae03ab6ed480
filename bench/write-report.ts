/**
 * Publishes one run: its results and plots go to docs/performance, its figures into docs/performance.md and the
 * README; what stands outside the markers there is kept.
 * `node bin/with-node.js bench/write-report.ts [FILE]`; FILE defaults to bench/results/latest.json.
 */
import { globSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chartsOf } from './report/charts/index.ts';
import { drawChart } from './report/draw/draw-chart.ts';
import { INSTALL_COMMAND } from './report/draw/library.ts';
import {
  chartFile,
  PUBLISHED_FOLDER,
  PUBLISHED_RESULTS,
  replaceSection,
  SECTIONS,
} from './report/publication.ts';
import { LATEST, prepareDrawing } from './report/publish.ts';
import { readResults, renderResults, writeText } from './results-file.ts';

const ROOT = new URL('../', import.meta.url);
const pathOf = (file: string): string => fileURLToPath(new URL(file, ROOT));

const results = readResults(process.argv[2] ?? LATEST);
const drawing = await prepareDrawing((text) => console.error(text));
if (drawing === undefined) throw new Error(`Plots cannot be drawn; run \`${INSTALL_COMMAND}\``);
writeText(pathOf(PUBLISHED_RESULTS), renderResults(results));
// A run that measured less has fewer plots.
for (const old of globSync('*.svg', { cwd: pathOf(PUBLISHED_FOLDER) }))
  rmSync(pathOf(`${PUBLISHED_FOLDER}/${old}`));
for (const chart of chartsOf(results.rows))
  writeText(pathOf(chartFile(chart)), `${drawChart(drawing, chart)}\n`);
for (const section of SECTIONS) {
  const file = pathOf(section.file);
  // As it was written, so that the documents and the file say the same digits.
  const content = section.render(readResults(pathOf(PUBLISHED_RESULTS)));
  writeText(file, replaceSection(readFileSync(file, 'utf8'), section, content));
  console.log(`${section.file}: the run of ${results.startedAt}`);
}
