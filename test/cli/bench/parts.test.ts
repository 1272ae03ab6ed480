import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBudget } from '../../../src/cli/bench/budgets.ts';
import { BENCH_PARTS, checkBudgets, parseParts } from '../../../src/cli/bench/parts.ts';
import { HairspringError } from '../../../src/core/index.ts';

test('Parts are named with commas between, and an unknown one is refused with those that are known', () => {
  assert.deepEqual(parseParts('load'), ['load']);
  assert.deepEqual(parseParts('idle, starts,idle'), ['starts', 'idle']);
  for (const text of ['', 'cold', 'load,'])
    assert.throws(
      () => parseParts(text),
      (error) => HairspringError.is(error) && /load, starts, idle/.test(error.hint ?? ''),
      text,
    );
});

test('A budget of a part that is left out is refused, with the parts to name', () => {
  for (const [metric, part] of [
    ['warm.rate=1/s', 'load'],
    ['knee.rate=1/s', 'load'],
    ['cold.p95=1ms', 'starts'],
    ['new-cell.p50=1ms', 'starts'],
    ['memory=1MB', 'starts'],
    ['idle-memory=1MB', 'idle'],
  ] as const) {
    const budget = parseBudget(metric);
    checkBudgets([budget], [part]);
    for (const other of BENCH_PARTS.filter((each) => each !== part))
      assert.throws(
        () => checkBudgets([budget], [other]),
        (error) => HairspringError.is(error) && (error.hint ?? '').includes(part),
        metric,
      );
  }
});
