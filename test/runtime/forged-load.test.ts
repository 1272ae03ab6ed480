import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction, handlerOf } from '../support/functions.ts';

test('A function names neither its bindings nor its handlers by an iterator of its own', async () => {
  const ops: string[] = [];
  using probe = createTestFunction(
    handlerOf(
      "Array.prototype[Symbol.iterator] = iterate; await env.HOST?.get('x'); return Object.keys(env).join();",
      `const iterate = Array.prototype[Symbol.iterator];
       Array.prototype[Symbol.iterator] = function* () {
         const large = { length: 1, toString: () => this[0], toJSON: () => 'x'.repeat(30_000_000) };
         yield large;
       };`,
    ),
    {
      limits: { memoryBytes: 512 * 1024 ** 2, cpuMs: 5_000, timeoutMs: 10_000 },
      host: async ({ op }) => {
        ops.push(op);
        return { value: null };
      },
    },
  );
  assert.equal(await probe.text(), 'HOST');
  assert.deepEqual(ops, ['get']);
});
