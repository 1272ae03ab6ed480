/** What README.md and docs/performance.md say in figures is what the published run found. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseCompareOptions } from '../../bench/compare/options.ts';
import { parseBenchOptions } from '../../bench/options.ts';
import { PEERS } from '../../bench/peers/all-peers.ts';
import { chartsOf } from '../../bench/report/charts/index.ts';
import { findClaims } from '../../bench/report/claims.ts';
import { drawChart } from '../../bench/report/draw/draw-chart.ts';
import { loadDrawing } from '../../bench/report/draw/library.ts';
import { ISOLATING_PEERS } from '../../bench/report/peer-bars.ts';
import {
  chartFile,
  PUBLISHED_FOLDER,
  PUBLISHED_RESULTS,
  replaceSection,
  SECTIONS,
} from '../../bench/report/publication.ts';
import { readResults, renderResults } from '../../bench/results-file.ts';
import { codeBlocks, shellCommands } from '../support/markdown.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const results = readResults(join(ROOT, PUBLISHED_RESULTS));
const drawing = await loadDrawing();
const HOW = 'run `node bin/with-node.js bench/write-report.ts docs/performance/results.json`';

test('The published results are as the bench writes them, and small enough for a repository', () => {
  const text = read(PUBLISHED_RESULTS);
  assert.equal(renderResults(results), text, HOW);
  assert.ok(text.length < 300_000, `${text.length} bytes`);
});

for (const section of SECTIONS) {
  test(`The figures of ${section.file} are those of the published results`, () => {
    const text = read(section.file);
    assert.equal(replaceSection(text, section, section.render(results)), text, HOW);
  });
}

test('Every claim of the README has rows in the published results', () => {
  const claims = findClaims(results.rows);
  const ids = new Set(results.rows.map(({ id }) => id));
  assert.ok(claims.length >= 4, `${claims.length} claims`);
  for (const { title, rowIds } of claims) {
    assert.ok(rowIds.length > 0, title);
    for (const id of rowIds) assert.ok(ids.has(id), `${title}: ${id}`);
  }
});

test('Outside its generated section the README has no figure that was measured', () => {
  const [section] = SECTIONS;
  assert.ok(section !== undefined);
  const prose = replaceSection(read('README.md'), section, '').replace(/```[^`]*```/g, '');
  const measured =
    /\b\d[\d.,]*\s?(?:ms|µs|milliseconds?|req\/s|requests a second|[KM]i?B)\b|\babout a millisecond/gi;
  assert.deepEqual(prose.match(measured) ?? [], []);
});

test('Every plot that the documents show is committed, titled as the published results say, and no other', () => {
  const charts = chartsOf(results.rows);
  assert.ok(charts.length >= 3, `${charts.length} charts`);
  assert.deepEqual(globSync(`${PUBLISHED_FOLDER}/*.svg`, { cwd: ROOT }).sort(), charts.map(chartFile).sort());
  for (const chart of charts) {
    assert.ok(existsSync(join(ROOT, chartFile(chart))), chart.id);
    assert.ok(read(chartFile(chart)).includes(`aria-label="${chart.title}"`), `${chart.id}: ${HOW}`);
    if (drawing !== undefined) assert.equal(read(chartFile(chart)), `${drawChart(drawing, chart)}\n`, HOW);
  }
});

test('Every command of the bench that the documents show has options that exist', () => {
  const commands = ['README.md', 'docs/performance.md']
    .flatMap((file) => shellCommands(codeBlocks(join(ROOT, file))))
    .filter((command) => command.startsWith('npm run bench'));
  assert.ok(commands.length >= 8, `${commands.length} commands`);
  for (const command of commands) {
    const [first, ...rest] = command.split(' -- ')[1]?.split(' ') ?? [];
    if (first === 'compare') assert.doesNotThrow(() => parseCompareOptions(rest), command);
    else if (first === 'report') assert.doesNotThrow(() => parseBenchOptions(rest.slice(1)), command);
    else assert.doesNotThrow(() => parseBenchOptions(first === undefined ? [] : [first, ...rest]), command);
  }
});

test('The peers over which CPU is claimed are peers of the bench', () => {
  const known = PEERS.map(({ id }) => id);
  assert.deepEqual(
    ISOLATING_PEERS.filter((id) => !known.includes(id)),
    [],
  );
});
