import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOutput } from '../../src/cli/shell/output.ts';

/** What goes to standard error of two lines, of which nobody has room for the first. */
function writtenAfterLoss(errorColor: boolean): string {
  const { stderr } = process;
  const written: string[] = [];
  let unread = 2 * 1024 ** 2;
  Object.defineProperties(stderr, {
    write: { configurable: true, value: (text: string) => written.push(text) > 0 },
    writableLength: { configurable: true, get: () => unread },
  });
  try {
    const output = createOutput({ json: false, color: !errorColor, errorColor, mayLose: true });
    output.note('nobody reads this');
    unread = 0;
    output.note('but this');
  } finally {
    Reflect.deleteProperty(stderr, 'write');
    Reflect.deleteProperty(stderr, 'writableLength');
  }
  return written.join('');
}

test('That lines of standard error were lost is told in colours only where it takes some', () => {
  for (const errorColor of [false, true]) {
    const text = writtenAfterLoss(errorColor);
    assert.match(text, /1 line lost[\s\S]*but this/);
    assert.equal(text.includes('\u001b['), errorColor, JSON.stringify(text));
  }
});
