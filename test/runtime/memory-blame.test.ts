import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionMark } from '../../src/core/index.ts';
import { MemoryBlame } from '../../src/runtime/watchdog/memory-blame.js';

const LIMIT = 1_000;
const HOARDER = 1;
const NEIGHBOUR = 2;

test('Who brought most is blamed, whoever is inside when the limit is passed', () => {
  const blame = new MemoryBlame();
  let rss = 100;
  blame.note(rss, [HOARDER]);
  for (let turn = 0; turn < 8; turn += 1) {
    rss += 100;
    blame.note(rss, [HOARDER]);
    rss += 5;
    blame.note(rss, [NEIGHBOUR]);
  }
  blame.note(rss + 200, [NEIGHBOUR]);
  assert.equal(blame.culprit(LIMIT), HOARDER);
});

test('Memory that is given back is forgiven', () => {
  const blame = new MemoryBlame();
  blame.note(100, [HOARDER]);
  blame.note(900, [HOARDER]);
  blame.note(100, [HOARDER]);
  assert.equal(blame.culprit(LIMIT), 0);
  blame.note(600, [NEIGHBOUR]);
  assert.equal(blame.culprit(LIMIT), NEIGHBOUR);
});

test("What the process is when it begins, and what it takes before any function runs, is nobody's", () => {
  const blame = new MemoryBlame();
  blame.note(800, [HOARDER]);
  blame.note(900, [0]);
  assert.equal(blame.culprit(LIMIT), 0);
});

test('A quiet neighbour on another thread has little part in what a function takes meanwhile', () => {
  const blame = new MemoryBlame();
  let rss = 100;
  blame.note(rss, [HOARDER]);
  for (let turn = 0; turn < 20; turn += 1) {
    rss += 40;
    blame.note(rss, turn % 5 === 0 ? [HOARDER, NEIGHBOUR] : [HOARDER]);
  }
  assert.equal(blame.culprit(LIMIT), HOARDER);
});

test('Nobody is blamed when many brought a little each', () => {
  const blame = new MemoryBlame();
  let rss = 100;
  blame.note(rss, [1]);
  for (let mark = 1; mark <= 9; mark += 1) {
    rss += 100;
    blame.note(rss, [mark]);
  }
  assert.equal(blame.culprit(LIMIT), 0);
});

test('The mark of a function is a positive number of 31 bits, the same each time', () => {
  const marks = new Set(Array.from({ length: 10_000 }, (_, index) => functionMark(`function-${index}`)));
  assert.ok(marks.size > 9_995, `${marks.size} of 10000 differ`);
  for (const mark of [...marks, functionMark(''), functionMark('\ud800')])
    assert.ok(mark > 0 && mark < 2 ** 31);
  assert.equal(functionMark('one'), functionMark('one'));
});
