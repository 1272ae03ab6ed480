import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createColors } from '../../../src/cli/shell/colors.ts';
import { createProgress } from '../../../src/cli/shell/progress.ts';

const paint = createColors(false);

function record(json: boolean, isTTY: boolean): readonly string[] {
  const written: string[] = [];
  const terminal = { isTTY, columns: 10, write: (text: string) => written.push(text) };
  using progress = createProgress({ json, paint }, terminal);
  progress.show('a text that is long');
  progress.show('short');
  progress[Symbol.dispose]();
  return written;
}

test('On a terminal one line is written over and removed at the end, never longer than the terminal is wide', () => {
  assert.deepEqual(record(false, true), ['\r\u001b[2Ka text th', '\r\u001b[2Kshort', '\r\u001b[2K']);
});

test('Nothing is written where nobody watches, or with --json', () => {
  assert.deepEqual(record(false, false), []);
  assert.deepEqual(record(true, true), []);
});
