import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { askYes } from '../../src/cli/deploy/ask-yes.ts';

test('Only a yes is a yes; anything else, and the end of the input, is a no', async () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['y\n', true],
    [' YES \r\n', true],
    ['\n', false],
    ['n\n', false],
    ['yesterday\n', false],
    ['', false],
  ];
  for (const [typed, meant] of cases) {
    const input = new PassThrough();
    const output = new PassThrough();
    input.end(typed);
    assert.equal(await askYes('Sure?', input, output), meant, JSON.stringify(typed));
    assert.match(String(output.read()), /^Sure\? \[y\/N\] /);
  }
});
