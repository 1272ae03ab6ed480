import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Answer,
  codeOf,
  createTestFunction,
  handlerOf,
  moduleOf,
  textOf,
} from '../support/functions.ts';

async function answerOf(body: string): Promise<Answer> {
  using probe = createTestFunction(handlerOf(body));
  return await probe.call();
}

test('Every kind of reply arrives in its form', async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['', ''],
    ['return undefined', ''],
    ['return ""', ''],
    ['return "text ü"', 'text ü'],
    ['return new Uint8Array([104, 105])', 'hi'],
    ['return new Uint8Array([120, 104, 105, 120]).subarray(1, 3)', 'hi'],
    ['return new Uint8Array([104, 105]).buffer', 'hi'],
    ['return new DataView(new Uint8Array([104, 105]).buffer, 1)', 'i'],
    ['return { a: [1, null, "x"], skipped: undefined }', '{"a":[1,null,"x"]}'],
    ['return [1, 2]', '[1,2]'],
    ['return null', 'null'],
    ['return 5', '5'],
    ['return false', 'false'],
    ['return new Date(0)', '"1970-01-01T00:00:00.000Z"'],
    ['return new Reply("in a Reply")', 'in a Reply'],
    ['return new Reply()', ''],
    ['return new Reply({ a: 1 })', '{"a":1}'],
    ['return { then(resolve) { resolve("from a thenable") } }', 'from a thenable'],
  ];
  for (const [body, text] of cases) assert.equal(textOf(await answerOf(body)), text, body);
});

test('A reply that cannot be sent is an error that says so', async () => {
  for (const value of [
    '1n',
    '({ n: 1n })',
    'Symbol("s")',
    '() => 1',
    '(() => { const a = {}; a.a = a; return a })()',
    '({ toJSON() { throw new Error("no") } })',
    '({ toJSON() {} })',
    'new Proxy({}, { ownKeys() { throw 1 } })',
    'new Reply("x", { headers: { a: Symbol() } })',
    'Object.assign(new Reply("x"), { headers: null })',
  ]) {
    assert.equal(codeOf(await answerOf(`return ${value}`)), 'HS_FUNCTION_NO_REPLY', value);
  }
});

test('The headers of a Reply come out with single and repeated values', async () => {
  const answer = await answerOf('return new Reply("x", { headers: { One: "1", Many: ["a", "b"], Num: 5 } })');
  assert.ok(answer.ok);
  assert.deepEqual(answer.outcome.headers, ['One', '1', 'Many', 'a', 'Many', 'b', 'Num', '5']);
});

test('Whatever a handler throws, its caller hears HS_FUNCTION_THREW and the next call works', async () => {
  const thrown = [
    'new RangeError("out of range")',
    '"text"',
    'undefined',
    'null',
    '5n',
    'Symbol("odd")',
    '() => 1',
    '{}',
    'Object.create(null)',
    'Object.create(null, { toJSON: { value: () => undefined } })',
    'new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })',
    'new Proxy(function () {}, { get() { throw 1 } })',
    'Object.defineProperty(new Error("x"), "message", { get() { throw new Error("deeper") } })',
    'Object.defineProperty(new Error("x"), "stack", { get() { throw 1 } })',
    'Object.assign(new Error("x"), { message: 5, name: Symbol() })',
    'Object.freeze(new TypeError("frozen"))',
    'Object.setPrototypeOf(new Error("x"), null)',
    'new Error("x".repeat(1e6))',
    'new Error("\\r\\nInjected: yes\\ud800\\u0000")',
    'new AggregateError([new Error("a")], "many", { cause: 1 })',
  ];
  const code = moduleOf(
    `{ message(msg) {
      if (msg.text() === '') return 'fine';
      const throwIt = () => { throw eval('(' + msg.text() + ')'); };
      return msg.params.key === 'sync' ? throwIt() : Promise.resolve().then(throwIt);
    } }`,
  );
  using probe = createTestFunction(code);
  for (const value of thrown) {
    for (const subject of ['probe.sync', 'probe.async']) {
      assert.equal(await probe.code({ subject, data: value }), 'HS_FUNCTION_THREW', `${subject}: ${value}`);
      assert.equal(await probe.text(), 'fine', `after ${value}`);
    }
  }
  assert.equal(probe.runner.stats().coldStarts, 1);
});

test('The message of a thrown error names its class, and its stack goes to the log', async () => {
  using probe = createTestFunction(handlerOf('throw new RangeError("out of range")'));
  const answer = await probe.call();
  assert.ok(!answer.ok);
  assert.equal(answer.error.message, 'RangeError: out of range');
  assert.equal(probe.logs[0]?.level, 'error');
  assert.match(probe.logs[0]?.text ?? '', /RangeError: out of range\n\s+at .*probe\.js:\d+/);
});

test('A promise that rejects unheard is logged and harms nobody', async () => {
  const body = `
    Promise.reject(new Error('floating'));
    queueMicrotask(() => { throw new TypeError('in a microtask') });
    (async () => { await null; throw Object.create(null); })();
    await new Promise((go) => setTimeout(go, 10));
    return 'unharmed';`;
  using probe = createTestFunction(handlerOf(body));
  const calls = Array.from({ length: 10 }, () => probe.text());
  assert.deepEqual(new Set(await Promise.all(calls)), new Set(['unharmed']));
  assert.equal(probe.runner.stats().coldStarts, 1);
  assert.ok(probe.logs.some(({ text }) => /nobody handled it: floating/.test(text)));
});

test('A module without a message handler answers with an error', async () => {
  for (const exported of ['{}', '{ message: 1 }', 'undefined']) {
    using probe = createTestFunction(moduleOf(exported));
    assert.equal(await probe.code(), 'HS_FUNCTION_THREW', exported);
  }
});

test('What answers requests only and is called by its name does not answer for it as for an error of its own', async () => {
  using probe = createTestFunction(moduleOf('{ fetch: () => new Response() }'));
  assert.deepEqual([await probe.code(), await probe.code()], ['HS_INVOKE_SUBJECT', 'HS_INVOKE_SUBJECT']);
});

test('A handler may be sync, async, a method with this, or a plain function', async () => {
  const modules = [
    '{ message: (msg) => msg.subject }',
    '{ message: async (msg) => msg.subject }',
    '{ own: 1, message(msg) { return this.own === 1 && msg.subject } }',
    'new (class { #own = 1; message(msg) { return this.#own && msg.subject } })()',
    '(subject, payload) => payload.length === 0 && subject',
  ];
  for (const exported of modules) {
    using probe = createTestFunction(moduleOf(exported));
    assert.equal(await probe.text({ subject: 'probe.x' }), 'probe.x', exported);
  }
});

test('An instance keeps its state from call to call', async () => {
  using probe = createTestFunction(handlerOf('return ++count', 'let count = 0;'));
  for (const expected of ['1', '2', '3']) assert.equal(await probe.text(), expected);
  assert.equal(probe.runner.stats().coldStarts, 1);
});

test('Calls that wait for each other all finish, and in the order in which they can', async () => {
  const body = `
    if (msg.params.key === 'last') { for (const go of waiting) go(); return 'last'; }
    await new Promise((resolve) => waiting.push(resolve));
    return msg.params.key;`;
  using probe = createTestFunction(handlerOf(body, 'const waiting = [];'));
  const calls = ['a', 'b', 'c', 'last'].map((key) => probe.text({ subject: `probe.${key}` }));
  assert.deepEqual(await Promise.all(calls), ['a', 'b', 'c', 'last']);
});
