import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HairspringError } from '../../src/core/index.ts';
import { scriptOf } from '../../src/runtime/index.ts';
import { createTestPool, loadIsolate, moduleOf } from '../support/functions.ts';
import { createSpec } from '../support/spec.ts';

const pool = createTestPool();
after(() => pool[Symbol.dispose]());

function loadError(code: string, memoryMiB = 16): HairspringError {
  try {
    loadIsolate(pool, code, { limits: { memoryBytes: memoryMiB * 1024 ** 2 } })[Symbol.dispose]();
  } catch (error) {
    assert.ok(HairspringError.is(error), String(error));
    return error;
  }
  return assert.fail('it loaded');
}

test('A syntax error names its line', () => {
  const error = loadError('let fine = 1;\nlet x = {');
  assert.equal(error.code, 'HS_FUNCTION_LOAD');
  assert.match(error.message, /SyntaxError.*probe\.js:2/);
});

test('Whatever the top level throws is a load error', () => {
  const thrown = [
    'new TypeError("odd")',
    '{}',
    'Object.create(null)',
    'Symbol("odd")',
    'undefined',
    'null',
    '1n',
    'new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })',
    'Object.defineProperty(new Error(), "message", { get() { throw 1 } })',
    'Object.freeze(new RangeError("odd"))',
    'function () {}',
  ];
  for (const value of thrown) assert.equal(loadError(`throw ${value}`).code, 'HS_FUNCTION_LOAD', value);
});

test('The text of a thrown error reaches the deployer', () => {
  assert.match(loadError('throw new TypeError("no such table")').message, /TypeError: no such table/);
});

test('An error that speaks of disposal or time-outs is told as what it is', () => {
  for (const text of ['The pool was disposed', 'memory limit reached', 'Script execution timed out.']) {
    const error = loadError(`throw new Error(${JSON.stringify(text)})`);
    assert.equal(error.code, 'HS_FUNCTION_LOAD');
    assert.ok(error.message.includes(`Error: ${text}`), error.message);
  }
});

test('A top level that never ends is ended, in its own code and in microtasks', () => {
  for (const code of [
    'for (;;) {}',
    'Promise.resolve().then(() => { for (;;) {} })',
    'const again = () => { Promise.resolve().then(again); }; again()',
  ]) {
    const error = loadError(code);
    assert.equal(error.code, 'HS_FUNCTION_LOAD', code);
    assert.match(error.message, /ran longer than 250 ms/);
  }
});

test('A top level that never stops allocating is ended by its memory limit', () => {
  const error = loadError('const all = []; for (;;) all.push(new Array(100000).fill({}));');
  assert.ok(['HS_FUNCTION_MEMORY', 'HS_FUNCTION_LOAD'].includes(error.code), error.message);
  assert.match(error.message, /passed limits\.memory of 16MiB|ran longer than 250 ms/);
});

test('Loading tells which handlers there are', () => {
  const found = (exported: string): readonly string[] => {
    const isolate = pool.create({ memoryBytes: 16 * 1024 ** 2 });
    try {
      const spec = { ...createSpec(), bindings: {}, budgetMs: 5 };
      return isolate.load(scriptOf(moduleOf(exported), 'probe.js'), spec);
    } finally {
      isolate[Symbol.dispose]();
    }
  };
  assert.deepEqual(found('{ message() {} }'), ['message']);
  assert.deepEqual(found('{ scheduled() {}, message() {}, other() {} }'), ['message', 'scheduled']);
  assert.deepEqual(found('() => 1'), ['message']);
  assert.deepEqual(found('new (class { message() {} })()'), ['message']);
  for (const nothing of ['{}', '{ message: 1 }', 'null', 'undefined', '5', '"message"'])
    assert.deepEqual(found(nothing), [], nothing);
});

test('A module without exports has no handlers', () => {
  const isolate = pool.create({ memoryBytes: 16 * 1024 ** 2 });
  const spec = { ...createSpec(), bindings: {}, budgetMs: 5 };
  assert.deepEqual(isolate.load(scriptOf('1 + 1', 'probe.js'), spec), []);
  isolate[Symbol.dispose]();
});

test('A module does not forge the list of its handlers', () => {
  for (const forged of ['{ length: 1e9 }', '[1]', '{}', 'undefined', '"fetch"', 'null']) {
    using isolate = loadIsolate(
      pool,
      `Object.prototype.toJSON = () => (${forged}); ${moduleOf('{ message: () => "well" }')}`,
    );
    const { outputs } = isolate.run({ json: '[0,1,0,"a",1,0,0,0,0]', extras: [] }, 1_000);
    assert.deepEqual(JSON.parse(outputs[0]?.json ?? ''), [0, 1, 0, 0, 1, 'well']);
  }
});

test('A module that fails leaves nothing behind in the next isolate', () => {
  loadError('globalThis.left = 1; throw new Error("later")');
  const isolate = loadIsolate(pool, moduleOf('{ message: () => typeof left }'));
  const { outputs } = isolate.run({ json: '[0,1,0,"a",1,0,0,0,0]', extras: [] }, 1_000);
  assert.deepEqual(JSON.parse(outputs[0]?.json ?? ''), [0, 1, 0, 0, 1, 'undefined']);
  isolate[Symbol.dispose]();
});
