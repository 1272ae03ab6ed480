/** What a log says of where a promise was rejected is the guest's own, and short. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction, handlerOf } from '../support/functions.ts';

const FLOATS: Readonly<Record<string, readonly [body: string, expected: RegExp]>> = {
  'an error': [
    'void (async function f() { await null; throw new Error("deep"); })();',
    /: deep\n {4}at f \(probe\.js:\d+:\d+\)$/,
  ],
  text: ['void Promise.reject("text");', /: text$/],
  'an object': ['void Promise.reject({ a: 1 });', /nobody handled it: [^\n]+$/],
  'an error with a getter for a stack': [
    'const e = new Error("y"); Object.defineProperty(e, "stack", { get() { throw 1; } }); void Promise.reject(e);',
    /: y$/,
  ],
  'an error with a long stack of its own': [
    'const e = new Error("y"); e.stack = "    at g (probe.js:1:1)\\n".repeat(1e5); void Promise.reject(e);',
    /: y(?:\n {4}at g \(probe\.js:1:1\)){50,90}$/,
  ],
};

for (const [what, [body, expected]] of Object.entries(FLOATS)) {
  test(`Nothing of the host is told of a promise that rejects with ${what}, and not much`, async () => {
    using probe = createTestFunction(handlerOf(`${body} await null; return 'ok';`));
    assert.equal(await probe.text(), 'ok');
    assert.equal(probe.logs.length, 1);
    const text = probe.logs[0]?.text ?? '';
    assert.match(text, /^A promise was rejected and nobody handled it: /);
    assert.match(text, expected);
    assert.doesNotMatch(text, /file:|node:|isolated-vm boundary|\.ts:/);
  });
}
