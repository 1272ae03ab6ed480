import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isErrorCode } from '../../src/core/index.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';
import { turns } from '../support/turns.ts';

/** What a function may do to the built-ins of its own isolate. */
const TAMPERING: Readonly<Record<string, string>> = {
  'Array.prototype.push': 'Array.prototype.push = () => { throw 1 }',
  'Array.prototype[Symbol.iterator]': 'Array.prototype[Symbol.iterator] = () => { throw 1 }',
  'the array iterator, to send null':
    'Array.prototype[Symbol.iterator] = () => { let n = 0; return { next: () => n++ ? { done: true } : { value: null } } }',
  'the array iterator, to send a forged length':
    'Array.prototype[Symbol.iterator] = () => { let n = 0; return { next: () => n++ ? { done: true } : { value: { byteLength: -1e15 } } } }',
  'the array iterator, to send 300 strings':
    'Array.prototype[Symbol.iterator] = () => { let n = 0; return { next: () => n++ > 300 ? { done: true } : { value: "x" } } }',
  'the array iterator, endlessly':
    'Array.prototype[Symbol.iterator] = () => ({ next: () => ({ value: 1 }) })',
  'Array.prototype[0]':
    'Object.defineProperty(Array.prototype, "0", { set() { throw 1 }, get() { return 5 } })',
  'Object.prototype[0]': 'Object.prototype[0] = { evil: true }',
  'Array.isArray': 'Array.isArray = () => true',
  'Promise.prototype.then': 'Promise.prototype.then = () => { throw 1 }',
  'Promise.prototype.then, doing nothing': 'Promise.prototype.then = function () { return this }',
  'Promise.resolve': 'Promise.resolve = () => ({ then: 5 })',
  'Promise.prototype.constructor':
    'Object.defineProperty(Promise.prototype, "constructor", { get() { throw 1 } })',
  'Promise[Symbol.species]': 'Object.defineProperty(Promise, Symbol.species, { get() { throw 1 } })',
  'Promise[Symbol.species], doing nothing':
    'Object.defineProperty(Promise, Symbol.species, { value: function (run) { run(() => {}, () => {}) } })',
  'JSON.stringify': 'JSON.stringify = () => "not JSON"',
  'JSON.parse': 'JSON.parse = () => ({})',
  JSON: 'globalThis.JSON = undefined',
  'Map.prototype.get': 'Map.prototype.get = Map.prototype.set = () => undefined',
  'Map.prototype.forEach': 'Map.prototype.forEach = () => { throw 1 }',
  'Object.prototype.toJSON': 'Object.prototype.toJSON = () => ({ forged: true })',
  'String.prototype.toJSON': 'String.prototype.toJSON = () => "forged"',
  'Object.prototype.then': 'Object.prototype.then = function (done) { done("hijacked") }',
  'a getter on Object.prototype.then':
    'Object.defineProperty(Object.prototype, "then", { get() { throw new Error("then") } })',
  'Function.prototype.call': 'Function.prototype.call = Function.prototype.apply = () => { throw 1 }',
  'Function.prototype.bind': 'Function.prototype.bind = () => { throw 1 }',
  'Reflect.apply': 'Reflect.apply = () => { throw 1 }',
  'String.prototype':
    'for (const n of ["slice", "charCodeAt", "toLowerCase", "split"]) String.prototype[n] = () => { throw 1 }',
  'String.fromCharCode': 'String.fromCharCode = () => { throw 1 }',
  'Uint8Array.prototype': 'Object.setPrototypeOf(Uint8Array.prototype, null)',
  'ArrayBuffer.prototype.slice': 'ArrayBuffer.prototype.slice = () => "x"',
  'Symbol.hasInstance of Reply': 'Object.defineProperty(Reply, Symbol.hasInstance, { value() { throw 1 } })',
  'Symbol.hasInstance of Error': 'Object.defineProperty(Error, Symbol.hasInstance, { value() { throw 1 } })',
  'Error.prepareStackTrace': 'Error.prepareStackTrace = () => { throw 1 }',
  'Error.stackTraceLimit': 'Error.stackTraceLimit = Infinity',
  'Date.now': 'Date.now = () => NaN; globalThis.Date = undefined',
  'the properties of a record on Object.prototype':
    'Object.assign(Object.prototype, { settled: true, id: 5, pendingCalls: -1, kind: 7, value: 3, invocation: 1 })',
  'setters on Object.prototype':
    'for (const n of ["settled", "pendingCalls", "headers", "data", "params"]) Object.defineProperty(Object.prototype, n, { set() { throw 1 } })',
  globalThis: 'for (const n of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[n] } catch {}',
  'Object.freeze': 'Object.freeze = Object.keys = Object.defineProperty = () => { throw 1 }',
  'the frozen primordials':
    'for (const c of [Object, Function, Array, Promise, Map]) { Object.freeze(c); Object.freeze(c.prototype) }',
};

const BODY = `
  const key = msg.params.key;
  if (key === 'throw') throw new Error('thrown');
  console.log('line', { a: 1 });
  if (key === 'calls') { const entry = await env.HOST.get('k'); return entry && entry.text(); }
  if (key === 'timer') await new Promise((go) => setTimeout(go, 1));
  if (key === 'large') return new Uint8Array(5_000);
  if (key === 'headers') return new Reply({ b: [msg.headers.get('a')] }, { headers: { x: ['1', '2'] } });
  return msg.data.length + msg.text();`;

for (const [what, code] of Object.entries(TAMPERING)) {
  test(`A function that replaces ${what} still answers every call, well or with a code`, async () => {
    for (const place of ['top', 'handler']) {
      const source = place === 'top' ? handlerOf(BODY, code) : handlerOf(`${code};${BODY}`);
      using probe = createTestFunction(source, {
        host: async () => ({ value: [1, 1], data: Buffer.from('stored') }),
        limits: { cpuMs: 100, timeoutMs: 300 },
      });
      for (let round = 0; round < 2; round += 1) {
        const keys = ['plain', 'calls', 'throw', 'large', 'headers', 'timer', 'plain'];
        const answers = await Promise.all(
          keys.map((key) => probe.call({ subject: `probe.${key}`, data: 'ü\ufeff', headers: [['a', 'b']] })),
        );
        for (const answer of answers) if (!answer.ok) assert.ok(isErrorCode(answer.error.code));
      }
      await turns();
      assert.equal(probe.runner.inFlight, 0);
      assert.equal(probe.finished.length, 14);
      for (const { status } of probe.finished) assert.notEqual(status, 'HS_INTERNAL');
    }
  });
}

test('Built-ins patched as polyfills do it change nothing', async () => {
  const polyfill = `
    Array.prototype.last = function () { return this[this.length - 1] };
    Object.defineProperty(Object.prototype, 'own', { value: 1, writable: true, configurable: true });
    const then = Promise.prototype.then;
    Promise.prototype.then = function (...args) { return then.apply(this, args) };
    Map.prototype.extra = 1; String.prototype.extra = 1; JSON.extra = 1;`;
  using probe = createTestFunction(handlerOf(BODY, polyfill), {
    host: async () => ({ value: [1, 1], data: Buffer.from('stored') }),
  });
  const texts = await Promise.all(
    ['plain', 'calls', 'headers', 'timer'].map((key) =>
      probe.text({ subject: `probe.${key}`, data: 'x', headers: [['a', 'b']] }),
    ),
  );
  assert.deepEqual(texts, ['1x', 'stored', '{"b":["b"]}', '1x']);
});
