/**
 * Publishes one run: its results and plots go to docs/performance, its figures into docs/performance.md and the
 * README; what stands outside the markers there is kept.
 * `node bin/with-node.js bench/write-report.ts [--noisy] [--incomplete] [FILE]`; FILE defaults to bench/results/latest.json.
 * A run that is too noisy to be a result is refused without --noisy, and one in which a part failed without
 * --incomplete; what is published already is written again whatever it is.
 */
import { globSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chartsOf } from './report/charts/index.ts';
import { drawChart } from './report/draw/draw-chart.ts';
import { INSTALL_COMMAND } from './report/draw/library.ts';
import { failedParts } from './report/failed-parts.ts';
import { noiseOf } from './report/noise.ts';
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

const { values, positionals } = parseArgs({
  options: {
    noisy: { type: 'boolean', default: false },
    incomplete: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const source = resolve(positionals[0] ?? LATEST);
const results = readResults(source);
const isPublished = source === pathOf(PUBLISHED_RESULTS);
const failed = isPublished || values.incomplete ? [] : failedParts(results.notes);
if (failed.length > 0) {
  console.error(
    `Publishing "${source}": the run is incomplete: ${failed.join(', ')} failed. Measure again, or publish it all the same with --incomplete`,
  );
  process.exit(2);
}
const noise = isPublished || values.noisy ? [] : noiseOf(results.rows);
if (noise.length > 0) {
  console.error(
    `Publishing "${source}": the run is too noisy to be a result: ${noise.join('; ')}. Measure on a quieter machine, or publish it all the same with --noisy`,
  );
  process.exit(2);
}
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
