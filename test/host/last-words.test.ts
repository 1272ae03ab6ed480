import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { lastWords } from '../../src/host/cells/last-words.ts';

/** What a process that keeps no stacks, as a cell does, prints when it ends by `code`. */
function stderrOf(code: string): string {
  const script = `Error.stackTraceLimit = 0; await null; ${code}`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }).stderr;
}

for (const [code, expected] of [
  ["throw new Error('no journal')", 'Error: no journal'],
  ["throw new RangeError('two\\nlines')", 'RangeError: two'],
  ["setTimeout(() => { throw new TypeError('late') })", 'TypeError: late'],
  ["throw Object.assign(new Error('refused'), { code: 'EACCES' })", 'Error: refused'],
  ["(await import('node:fs')).readFileSync('/nowhere/x')", /^Error: ENOENT: .*open '\/nowhere\/x'$/],
  ["throw new DOMException('over', 'AbortError')", 'DOMException [AbortError]: over'],
  ["throw new AggregateError([new Error('a')], 'all')", 'AggregateError: all'],
  ["Promise.reject('text')", /^UnhandledPromiseRejection: .*reason "text"\.$/],
] as const)
  test(`A process that ends by ${code} leaves the line of its error`, () => {
    const found = lastWords(stderrOf(code));
    if (typeof expected === 'string') assert.equal(found, expected);
    else assert.match(found, expected);
  });

test('A process that V8 ends leaves the line of V8', () => {
  const oom =
    '<--- Last few GCs --->\n\n[1:0x1] 90 ms: Scavenge\n\nFATAL ERROR: Reached heap limit\n----- Native stack trace -----\n 1: 0xb';
  assert.equal(lastWords(oom), 'FATAL ERROR: Reached heap limit');
  assert.equal(
    lastWords('\n#\n# Fatal error in , line 0\n# unreachable code\n#'),
    '# Fatal error in , line 0',
  );
});

test('Without an error the last line that says something is left, cut to what fits a log line', () => {
  assert.equal(lastWords('first\nlibc: assertion failed\n\nNode.js v26.10.0\n'), 'libc: assertion failed');
  assert.equal(lastWords(''), '');
  assert.equal(lastWords('x'.repeat(5_000)).length, 300);
});
