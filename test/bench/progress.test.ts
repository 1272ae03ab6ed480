import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress } from '../../bench/progress.ts';

function record(
  isTTY: boolean,
  columns = 40,
): { readonly text: () => string } & ReturnType<typeof createProgress> {
  let text = '';
  let clockMs = 0;
  const write = (part: string): void => {
    text += part;
  };
  const stream = { isTTY, columns, write };
  const progress = createProgress(stream, () => clockMs++ * 500);
  return { ...progress, text: () => text };
}

test('On a terminal what goes on is one line that is written over, and what is done stays', () => {
  const progress = record(true);
  progress.update('round 1');
  progress.update('round 2');
  progress.done('load');
  assert.equal(progress.text().split('\n').length, 2);
  assert.equal(
    progress.text(),
    '\r\u001B[2K   0.5 s  round 1\r\u001B[2K   1.0 s  round 2\r\u001B[2K   1.5 s  load\n',
  );
});

test('A line that would wrap is cut, because a wrapped one cannot be written over', () => {
  const progress = record(true, 24);
  progress.update('a long story of a round');
  assert.equal(progress.text(), '\r\u001B[2K   0.5 s  a long story…');
  assert.equal(progress.text().slice(5).length, 23);
});

test('A terminal that says it has no columns gets lines of eighty', () => {
  const progress = record(true, 0);
  progress.update('round 1');
  assert.equal(progress.text(), '\r\u001B[2K   0.5 s  round 1');
});

test('Elsewhere each step is a plain line', () => {
  const progress = record(false);
  progress.update('round 1');
  progress.done('load');
  assert.equal(progress.text(), '   0.5 s  round 1\n   1.0 s  load\n');
});
