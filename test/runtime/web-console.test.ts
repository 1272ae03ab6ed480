import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction, handlerOf } from '../support/functions.ts';

async function logOf(body: string): Promise<readonly string[]> {
  using probe = createTestFunction(handlerOf(body));
  await probe.text();
  return probe.logs.map(({ level, text }) => `${level} ${text}`);
}

test('Objects are shown with their classes, to a depth, and in circles', async () => {
  const lines = await logOf(`
    class Point { x = 1; get y() { throw new Error('a getter ran'); } }
    const all = { point: new Point(), list: [1, , 'a'], map: new Map([['k', new Set([1])]]), bytes: new Uint8Array(2) };
    all.self = all;
    console.log(all);
    console.log({ a: { b: { c: { d: { e: { f: 1 } } } } } }, -0, 1n, Symbol('s'), function named() {}, class A {});
    console.log(new URLSearchParams('a=1'), new AbortController().signal, [new Date(0), /x/g]);
    console.dir({ a: { b: 1 } }, { depth: 0 });
  `);
  assert.deepEqual(lines, [
    "info {\n  point: Point { x: 1 },\n  list: [ 1, <empty>, 'a' ],\n  map: Map(1) { 'k' => Set(1) { 1 } },\n  bytes: Uint8Array(2) [ 0, 0 ],\n  self: [Circular]\n}",
    'info { a: { b: { c: { d: { e: [Object] } } } } } -0 1n Symbol(s) [Function: named] [class A]',
    "info URLSearchParams { 'a' => '1' } AbortSignal { aborted: false, reason: undefined, onabort: null } [ 1970-01-01T00:00:00.000Z, /x/g ]",
    'info { a: [Object] }',
  ]);
});

test('What cannot be shown stops neither the line nor the function', async () => {
  const [line = ''] = await logOf(`
    const trap = new Proxy({}, { getPrototypeOf() { throw 1; }, ownKeys() { throw 2; } });
    console.log('before', trap, { trap }, 'after');
  `);
  assert.equal(
    line,
    'info before [object that cannot be shown] { trap: [object that cannot be shown] } after',
  );
});

test('An endless object is shown in part', async () => {
  const lines = await logOf(`
    const wide = () => Object.fromEntries(Array.from({ length: 150 }, (_, at) => ['key' + at, 'x'.repeat(50)]));
    console.log(Array.from({ length: 150 }, wide));
    console.log(new Array(500_000).fill('x'));
  `);
  assert.equal(lines.length, 2);
  assert.ok(lines.every((line) => line.length < 8_300));
  assert.match(lines[1] ?? '', /… 499900 more/);
});

test('Errors are shown with their causes', async () => {
  const [line = ''] = await logOf(
    "console.error(new Error('outer', { cause: new TypeError('inner') }), new AggregateError([1]))",
  );
  assert.match(line, /^error Error: outer\n {4}at .*\[cause\]: TypeError: inner\n.*\[errors\]: \[ 1 \]/s);
});

test('Specifiers take their values, and what is left follows', async () => {
  const lines = await logOf(
    "console.log('%s %d %i %f %o%c 100%% %x', 'a', '7.9', 7.9, '1.5', { b: 1 }, 'css', 'rest', 2)",
  );
  assert.deepEqual(lines, ['info a 7 7 1.5 { b: 1 } 100% %x rest 2']);
});

test('Groups, counts, timers, tables and assertions are lines of the log', async () => {
  const lines = await logOf(`
    console.group('outer');
    console.warn('in\\nside');
    console.groupEnd();
    console.count(); console.count(); console.countReset('other');
    console.time('t'); console.timeEnd('t'); console.timeEnd('t');
    console.table([{ a: 1 }, { b: 'x' }]);
    console.assert(true, 'fine'); console.assert(false, 'not %s', 'fine');
    console.trace('here');
  `);
  const [took = '', trace = ''] = [lines[5], lines.at(-1)];
  assert.deepEqual(lines.toSpliced(5, 1).slice(0, -1), [
    'info outer',
    'warn   in\n  side',
    'info default: 1',
    'info default: 2',
    'warn There is no count "other"',
    'warn There is no timer "t"',
    [
      'info ┌─────────┬───┬─────┐',
      '│ (index) │ a │ b   │',
      '├─────────┼───┼─────┤',
      '│ 0       │ 1 │     │',
      "│ 1       │   │ 'x' │",
      '└─────────┴───┴─────┘',
    ].join('\n'),
    'error Assertion failed: not fine',
  ]);
  assert.match(took, /^info t: \d+\.\d ms$/);
  assert.match(trace, /^info Trace: here\n {4}at .*probe\.js/);
});

test('What nobody catches goes to the listeners of errors, and to the log unless they prevent it', async () => {
  const lines = await logOf(`
    const seen = [];
    reportError(new Error('before anybody listens'));
    addEventListener('error', (event) => { seen.push(event.error.message); event.preventDefault(); });
    queueMicrotask(() => { throw new Error('microtask'); });
    setTimeout(() => { throw new Error('timer'); });
    reportError(new Error('reported'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    console.log(seen.join());
  `);
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? '', /^error Uncaught Error: before anybody listens\n/);
  assert.equal(lines[1], 'info reported,microtask,timer');
});
