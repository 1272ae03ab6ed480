import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError } from '../../src/core/index.ts';
import {
  createTestFunction,
  createTestPool,
  handlerOf,
  loadIsolate,
  moduleOf,
} from '../support/functions.ts';

/** The cut text, and the host's own words around it. */
const MAX_CHARS = 2_048 + 200;

const THROWN = {
  error: 'throw new Error("y".repeat(3e6));',
  string: 'throw "y".repeat(3e6);',
  name: 'throw Object.assign(new Error("y"), { name: "N".repeat(3e6) });',
} as const;

for (const [what, code] of Object.entries(THROWN)) {
  test(`A module that throws a huge ${what} fails to load with a short text`, () => {
    using pool = createTestPool();
    assert.throws(
      () => loadIsolate(pool, moduleOf('{ message() {} }', code)),
      ({ code, message }: { code: string; message: string }) =>
        code === 'HS_FUNCTION_LOAD' && message.length < MAX_CHARS,
    );
  });
}

test('A function that breaks its runtime with a huge error is answered with a short text', async () => {
  const breaks = 'Object.setPrototypeOf(HostError, function () { throw new Error("x".repeat(3e6)); });';
  using fn = createTestFunction(handlerOf(`${breaks} await env.HOST.get('k');`), {
    host: () => Promise.reject(new HairspringError('HS_KV_UNAVAILABLE', 'Cannot get: no answer')),
  });
  const answer = await fn.call();
  assert.ok(!answer.ok);
  assert.equal(answer.error.code, 'HS_GUEST_TAMPERED');
  assert.ok(answer.error.message.length < MAX_CHARS, String(answer.error.message.length));
});

test('A rejected promise that nobody handles is logged with a short text', async () => {
  using fn = createTestFunction(
    handlerOf('Promise.reject(new Error("z".repeat(3e6))); await null; return "ok";'),
  );
  await fn.call();
  assert.ok(fn.logs.length > 0);
  for (const { text } of fn.logs) assert.ok(text.length < MAX_CHARS, String(text.length));
});
