import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BUDGET_FIGURES, listBudgets } from '../../../src/cli/bench/budget-figures.ts';
import { formatFigure, judgeBudgets, parseBudget } from '../../../src/cli/bench/budgets.ts';
import { HairspringError } from '../../../src/core/index.ts';
import { makeMetric, makeRow, type Row, type Unit } from '../../../src/measure/index.ts';
import { runCli } from '../support/cli.ts';

function row(subject: string, name: string, unit: Unit, rounds: readonly number[], inFlight?: number): Row {
  return makeRow({
    group: inFlight === undefined ? 'cold' : 'load',
    subject,
    title: subject,
    params: inFlight === undefined ? {} : { inFlight },
    n: 1,
    metrics: [makeMetric(name, unit, 'lower', rounds)],
  });
}

const kept = (budget: string, rows: readonly Row[]): boolean | undefined =>
  judgeBudgets([parseBudget(budget)], rows)[0]?.kept;

test('A budget is read in the unit of its figure', () => {
  for (const [text, bound] of [
    ['cold.p95=15ms', 15],
    ['cold.max=1.5s', 1_500],
    ['warm.p50=250us', 0.25],
    ['warm.cpu=40us', 40],
    ['warm.cpu=0.04ms', 40],
    ['warm.rate=10000/s', 10_000],
    ['warm.ratio=0.5', 0.5],
    ['load64.ratio=50%', 0.5],
    ['memory=4MB', 4_000_000],
    ['memory=4MiB', 4 * 1024 ** 2],
  ] as const)
    assert.equal(parseBudget(text).bound, bound, text);
});

test('An unknown metric is refused with the list of known ones, and a value of another unit with an example', () => {
  const refused = (text: string, hint: RegExp): void =>
    assert.throws(
      () => parseBudget(text),
      (error) => HairspringError.is(error) && error.code === 'HS_USAGE' && hint.test(error.hint ?? ''),
      text,
    );
  for (const text of ['cold.p96=1ms', 'cold', 'cold.rate=1/s', '=1ms', 'memory.p50=1ms', 'load2.p50=1ms'])
    refused(text, /^The known budgets are\nnew-cell \.p50\|p95\|p99\|max\n[\s\S]*\nmemory\|idle-memory$/);
  for (const text of ['cold.p95=15', 'cold.p95=15MB', 'cold.p95=-1ms', 'cold.p95=0ms', 'cold.p95='])
    refused(text, /^Write it like cold\.p95=15ms$/);
  refused('warm.rate=10000', /warm\.rate=10000\/s/);
  refused('memory=4ms', /memory=4MB/);
  refused('cold.p95', /cold\.p95=15ms/);
});

test('The median of the rounds is judged, from above or from below as the figure is better', () => {
  const cold = [row('pooled-isolate', 'p95Ms', 'ms', [1, 30, 10])];
  assert.equal(kept('cold.p95=10ms', cold), true);
  assert.equal(kept('cold.p95=9.9ms', cold), false);
  const load = [row('function', 'perSecond', '1/s', [100, 500, 300], 64)];
  assert.equal(kept('load64.rate=300/s', load), true);
  assert.equal(kept('load64.rate=301/s', load), false);
});

test('warm is latency with one request in flight, and the rate at the highest level that was measured', () => {
  const rows = [
    row('floor', 'perSecond', '1/s', [9_999], 64),
    row('function', 'p50Ms', 'ms', [1], 1),
    row('function', 'p50Ms', 'ms', [7], 64),
    row('function', 'perSecond', '1/s', [500], 16),
    row('function', 'perSecond', '1/s', [800], 64),
  ];
  assert.equal(kept('warm.p50=2ms', rows), true);
  assert.equal(kept('warm.rate=900/s', rows), false);
  assert.equal(kept('warm.rate=700/s', rows), true);
});

test('What could not be measured misses its budget and says so', () => {
  const [judged] = judgeBudgets([parseBudget('load256.p99=1s')], []);
  assert.deepEqual([judged?.kept, judged?.measured], [false, null]);
  assert.equal(formatFigure('load256.p99', null), 'not measured');
});

test('Fixed rates, the knee, the times of the node and idle memory have budgets', () => {
  const open = (params: Row['params'], name: string, unit: Unit, value: number): Row =>
    makeRow({
      ...{ group: 'open-loop', subject: 'function', title: 'open', params, n: 1 },
      metrics: [makeMetric(name, unit, 'lower', [value])],
    });
  const rows = [
    open({ percentOfMax: 50 }, 'p99Ms', 'ms', 4),
    open({ percentOfMax: 90 }, 'p99Ms', 'ms', 40),
    open({ point: 'knee' }, 'kneePerSecond', '1/s', 9_000),
    row('pooled-isolate', 'insideP95Ms', 'ms', [2]),
    row('function', 'insideP50Ms', 'ms', [0.1], 1),
    makeRow({
      ...{ group: 'density', subject: 'idle-function', title: 'idle', params: {}, n: 1 },
      metrics: [makeMetric('rssBytes', 'bytes', 'lower', [20_000])],
    }),
  ];
  for (const [budget, isKept] of [
    ['open50.p99=5ms', true],
    ['open90.p99=5ms', false],
    ['knee.rate=9000/s', true],
    ['knee.rate=9001/s', false],
    ['cold.node-p95=2ms', true],
    ['warm.node-p50=99us', false],
    ['idle-memory=20KB', true],
  ] as const)
    assert.equal(kept(budget, rows), isKept, budget);
});

test('--help lists every budget, in lines that fit a terminal', async () => {
  const { stdout } = await runCli(['bench', '--help'], {});
  const [, text = ''] = /^Budgets:\n([\s\S]*)$/m.exec(stdout) ?? [];
  const lines = text.split('\n').map((line) => line.trim());
  for (const line of listBudgets()) assert.ok(lines.includes(line), line);
  for (const name of BUDGET_FIGURES.keys()) {
    const [prefix = '', figure] = name.split('.');
    const own = lines
      .map((line) => line.split(' .'))
      .filter(([prefixes]) => prefixes?.split('|').includes(prefix));
    const isListed = own.some(([, figures]) => figure === undefined || figures?.split('|').includes(figure));
    assert.ok(isListed, name);
  }
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
});

test('docs/bench.md lists every budget, with examples that are accepted', () => {
  const text = readFileSync(new URL('../../../docs/bench.md', import.meta.url), 'utf8');
  const [, table = ''] = /^## Budgets\n([\s\S]*?)^## /m.exec(text) ?? [];
  const examples = [...table.matchAll(/\| `([\w.-]+=\S+)` \|$/gm)].map(([, example = '']) => example);
  assert.ok(examples.length >= 8);
  for (const example of examples) parseBudget(example);
  for (const metric of BUDGET_FIGURES.keys()) {
    const [prefix = '', figure] = metric.split('.');
    assert.match(table, new RegExp(`\`${prefix}[.\`]`), metric);
    if (figure !== undefined) assert.ok(table.includes(`.${figure}\``), metric);
  }
});
