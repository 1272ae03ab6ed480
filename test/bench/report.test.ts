import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chartsOf } from '../../bench/report/charts/index.ts';
import { findClaims } from '../../bench/report/claims.ts';
import { drawChart } from '../../bench/report/draw/draw-chart.ts';
import { loadDrawing } from '../../bench/report/draw/library.ts';
import { escapeHtml } from '../../bench/report/escape.ts';
import { noteOfFailure } from '../../bench/report/failed-parts.ts';
import { findingsOf } from '../../bench/report/findings.ts';
import { renderHtml } from '../../bench/report/html.ts';
import { noiseOf } from '../../bench/report/noise.ts';
import { findNotes } from '../../bench/report/notes.ts';
import { renderTerminal } from '../../bench/report/print.ts';
import { renderText } from '../../bench/report/table.ts';
import { toTables } from '../../bench/report/tables.ts';
import { renderResults } from '../../bench/results-file.ts';
import { makeMetric, makeRow } from '../../src/measure/index.ts';
import { loadRow, madeUpResults } from './support/made-up-results.ts';

const WRITE_REPORT = fileURLToPath(new URL('../../bench/write-report.ts', import.meta.url));
const run = promisify(execFile);
const results = madeUpResults();
const drawing = await loadDrawing();
const skip = drawing === undefined ? 'the library is not installed in bench/report' : false;

test('Every group has a table with every row, and names are told apart by the parameters that differ', () => {
  const tables = toTables(results.rows, { wide: true });
  assert.deepEqual(
    tables.map(({ group }) => group),
    ['cold', 'load', 'open-loop', 'observation', 'fairness', 'peer-cold', 'peer-load', 'density', 'cells'],
  );
  assert.equal(
    tables.reduce((sum, { rows }) => sum + rows.length - 1, 0),
    results.rows.length,
  );
  const load = tables.find(({ group }) => group === 'load');
  assert.deepEqual(load?.rows[0]?.slice(0, 4), ['', 'in flight', 'n', 'req/s']);
  assert.ok(load?.rows.some(([name, inFlight]) => name === 'echo function' && inFlight === '256'));
});

test('A figure that no table knows has a column of its own', () => {
  const metrics = [makeMetric('switchesPerSecond', '1/s', 'lower', [1_234, 1_236, 1_238])];
  const row = makeRow({ group: 'isolate', subject: 'x', title: 'x', params: {}, n: 3, metrics });
  assert.deepEqual(toTables([row], { wide: false })[0]?.rows, [
    ['', 'n', 'switchesPerSecond/s'],
    ['x', '3', '1,236'],
  ]);
});

test('A column that no row has a figure for is left out', () => {
  const metrics = [makeMetric('p50Ms', 'ms', 'lower', [1.5])];
  const row = makeRow({ group: 'isolate', subject: 'x', title: 'x', params: {}, n: 1, metrics });
  assert.deepEqual(toTables([row], { wide: true })[0]?.rows, [
    ['', 'p50 ms'],
    ['x', '1.50'],
  ]);
});

test('Columns of a terminal are aligned whatever stands in them', () => {
  const [table] = toTables(results.rows, { wide: false });
  assert.ok(table !== undefined);
  const [, head = '', ...lines] = renderText(table).split('\n');
  for (const line of lines) assert.equal(line.length, head.length, line);
});

test('Without colours the terminal gets plain text', () => {
  assert.ok(!renderTerminal(results, { color: false }).includes('\u001B'));
  assert.ok(renderTerminal(results, { color: true }).includes('\u001B[1m'));
});

test('The report is one page with all rows that loads nothing and runs nothing', () => {
  const html = renderHtml(results, drawing, 'no plots');
  for (const { title } of results.rows) assert.ok(html.includes(`<td>${title}</td>`), title);
  for (const word of ['A processor', '26.10.0', '2.15.1', '0123456789ab', '2026-01-02T03:04:05'])
    assert.ok(html.includes(word), word);
  assert.doesNotMatch(html, /<script|<link|<img|<iframe|@import|url\(|\bsrc=|href="(?!#)/);
  assert.match(html, /prefers-color-scheme: dark/);
  assert.match(html, /@media print/);
});

test('Without the library the report has its tables and says what is missing', () => {
  const html = renderHtml(results, undefined, 'The plots are missing: <npm>');
  assert.ok(html.includes('The plots are missing: &lt;npm&gt;'));
  assert.ok(html.includes('<td>echo function</td>'));
  assert.ok(!html.includes('<svg'));
});

test('Plots are made of what was measured, and their titles say the finding', () => {
  const charts = chartsOf(results.rows);
  assert.deepEqual(Object.fromEntries(charts.map(({ id, title }) => [id, title])), {
    'peer-cold-start':
      'Waking an idle function takes 2.60 ms; a fresh Node process takes 62 times as long, over HTTP workerd’s dynamic worker 6.2 times as long as ours',
    'cold-start': 'A pooled isolate answers its first request in 2.60 ms',
    'peer-cpu': 'A request to a warm function costs 18.2 µs of CPU',
    'throughput-by-in-flight': 'With 256 requests in flight a function gives 62 % of what bare nats.js does',
    'latency-by-rate': 'A function answers 30,000 requests a second in time; beyond, a queue grows',
    'idle-memory': 'Each of 10,000 idle functions adds 25.2 KB of memory',
    'wake-latency': 'One of 10,000 idle functions wakes in 2.9 ms',
  });
  assert.deepEqual(chartsOf([]), []);
  assert.deepEqual(chartsOf([loadRow('echo-function', 'echo function', 1, 1_000, 10)]), []);
});

test('Every plot is drawn as SVG with its names and units and colours for light and dark', { skip }, () => {
  assert.ok(drawing !== undefined);
  for (const chart of chartsOf(results.rows)) {
    const svg = drawChart(drawing, chart);
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.match(svg, /prefers-color-scheme: dark/);
    assert.doesNotMatch(svg, /NaN|undefined|<script/, chart.id);
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => text);
    const labels = chart.kind === 'lines' ? [chart.x.label, chart.y.label] : [chart.label];
    for (const text of labels) assert.ok(texts.includes(text), `${chart.id}: ${text}`);
    const words =
      chart.kind === 'lines' ? [] : chart.items.flatMap(({ name }) => name.replaceAll('`', '').split(' '));
    for (const word of words) assert.ok(svg.includes(escapeHtml(word)), `${chart.id}: ${word}`);
    const marks = chart.kind === 'lines' ? chart.series.flatMap(({ points }) => points) : chart.items;
    assert.equal(svg.match(/<circle/g)?.length, marks.length, chart.id);
  }
});

test('Cold starts whose rounds lie far apart are named as those of a noisy machine', () => {
  const metrics = [makeMetric('p50Ms', 'ms', 'lower', [2, 3, 2.5])];
  const row = makeRow({
    group: 'cold',
    subject: 'pooled-isolate',
    title: 'pooled',
    params: {},
    n: 3,
    metrics,
  });
  assert.deepEqual(findNotes({ ...results, rows: [row], notes: [] }), [
    'The rounds differ by more than 25 % at pooled: a noisy machine',
    'Too noisy to be a result: 1 of 1 rows of cold starts have rounds that differ by more than 25 %',
  ]);
});

test('Tables of observation and fairness are told in a sentence, with what the rounds say', () => {
  const [observation = '', fairness = '', ...others] = findingsOf(results.rows);
  assert.deepEqual(others, []);
  assert.equal(
    observation,
    'Observation: a request to the echo function takes 18.0 µs of CPU (50,000/s) with observation off and 36.0 µs of CPU (25,000/s) with traces and metrics on: 0.50 of the rate and 2.00 of the CPU, by rounds. With the observer taken out of the code it takes 17.9 µs of CPU (50,500/s); off has 0.99 of the rate and 1.01 of the CPU of that.',
  );
  assert.match(fairness, /is 1\.20 ms alone, .* and 4\.10 ms beside calls of 30 ms in the same cell\. One/);
  assert.match(
    fairness,
    /One busy function adds 2\.90 ms to it at the most; that echo in another cell, .* adds 1\.40 ms\.$/,
  );
  assert.deepEqual(findingsOf([]), []);
  assert.ok(renderHtml(results, undefined).includes(fairness));
});

test('A run is too noisy when more than half of its rows of a kind are, or others took processors in so many', () => {
  const at = (inFlight: number, rounds: readonly number[], others: readonly number[]) => {
    const { metrics: _metrics, ...rest } = loadRow('echo-floor', 'floor', inFlight, 1_000, 10);
    const perSecond = makeMetric('perSecond', '1/s', 'higher', rounds);
    return makeRow({
      ...rest,
      metrics: [perSecond, makeMetric('coresOthers', 'cores', undefined, others)],
    });
  };
  const calm = [1_000, 1_010, 1_020];
  const uneven = [700, 1_000, 1_010];
  assert.deepEqual(noiseOf(results.rows), []);
  assert.deepEqual(noiseOf([at(1, calm, [0, 0.3]), at(2, uneven, [0])]), []);
  assert.deepEqual(noiseOf([at(1, uneven, [0]), at(2, uneven, [0]), at(3, calm, [0])]), [
    '2 of 3 rows of loads have rounds that differ by more than 25 %',
  ]);
  assert.deepEqual(noiseOf([at(1, calm, [0, 0.3])]), [
    '1 of 1 rows of loads have rounds in which other programs took more than 0.15 cores',
  ]);
});

/** @returns how a publication was refused */
async function refusalOf(context: TestContext, made: typeof results, ...flags: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'hairspring-refused-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'run.json');
  await writeFile(file, renderResults(made));
  return await run(process.execPath, [WRITE_REPORT, ...flags, file]).then(
    () => assert.fail('it was published'),
    (error: { readonly code: number; readonly stderr: string }) => error,
  );
}

const { metrics: _metrics, ...floorRow } = loadRow('echo-floor', 'floor', 1, 1_000, 10);
const noisy = makeRow({ ...floorRow, metrics: [makeMetric('perSecond', '1/s', 'higher', [1, 2, 3])] });

test('A run that is too noisy is not published, and the refusal names the reason and the flag', async (context) => {
  const refused = await refusalOf(context, { ...results, rows: [noisy] });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /run\.json": the run is too noisy .* 1 of 1 rows of loads .*--noisy/);
});

test('A run in which a part failed is not published, and the refusal names the part and the flag', async (context) => {
  const notes = [
    'Of the run',
    noteOfFailure('density', new Error('no memory')),
    noteOfFailure('cells', 'gone'),
  ];
  const made = { ...results, rows: [noisy], notes };
  const refused = await refusalOf(context, made);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /run\.json": the run is incomplete: density, cells failed\. .*--incomplete/);
  const noisyOnly = await refusalOf(context, made, '--incomplete');
  assert.match(noisyOnly.stderr, /too noisy/, 'the flag lets it pass');
});

test('A claim beside the floor has the ratio of the rounds, and not that of their medians', () => {
  const rows = [
    loadRow('echo-function', 'echo', 256, 90, 10, 0.75),
    loadRow('echo-floor', 'floor', 256, 100, 5),
  ];
  const claim = findClaims(rows).find(({ title }) => title.startsWith('Requests a second'));
  assert.deepEqual(claim?.beside, ['bare nats.js 100/s (ratio of the rounds 0.75)']);
});

test('Notes name a noisy machine, and rows that say the same say it once', () => {
  const row = (inFlight: number): ReturnType<typeof makeRow> => {
    const { metrics, ...rest } = loadRow('echo-floor', 'floor', inFlight, 1_000, 10);
    const noisy = makeMetric('perSecond', '1/s', 'higher', [800, 1_000, 1_100]);
    return makeRow({ ...rest, metrics: [noisy, ...metrics.slice(1)], notes: ['Something is odd'] });
  };
  const notes = findNotes({ ...results, rows: [row(1), row(64)], notes: ['Of the run'] });
  assert.deepEqual(notes, [
    'Of the run',
    'echo-floor × 1, echo-floor × 64: Something is odd',
    'The rounds differ by more than 25 % at echo-floor × 1, echo-floor × 64: a noisy machine',
    'Too noisy to be a result: 2 of 2 rows of loads have rounds that differ by more than 25 %',
  ]);
});
