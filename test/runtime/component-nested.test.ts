import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createTestFunction } from '../support/functions.ts';
import { compileBytes } from '../support/wasm.ts';

const MEMORY_BYTES = 16 * 1024 ** 2;
const NESTED = readFileSync(new URL('./fixtures/nested-component.wasm', import.meta.url));

const compileNested = (memoryBytes: number) => compileBytes(NESTED, { memoryBytes });

test('Components within a component call each other, and a resource is dropped by who defines it', async () => {
  using probe = createTestFunction(compileNested(MEMORY_BYTES));
  assert.deepEqual([await probe.text(), await probe.text()], ['A1', 'A1']);
});

test('A handle that was dropped does not reach into another component', async () => {
  using probe = createTestFunction(compileNested(MEMORY_BYTES));
  const reply = await probe.call({ data: 'again' });
  assert.ok(!reply.ok);
  assert.equal(reply.error.code, 'HS_FUNCTION_THREW');
  assert.match(reply.error.message, /no handle 1/);
});

test('Two memories have the limit together', () => {
  const compiled = compileNested(MEMORY_BYTES);
  assert.ok(compiled.abi === 'component');
  const own = compiled.memories.filter((memory) => memory !== null);
  assert.equal(own.length, 2);
  assert.equal(
    own.reduce((sum, { maxPages }) => sum + maxPages * 65_536, 0),
    MEMORY_BYTES,
  );
  assert.throws(() => compileNested(65_536), { code: 'HS_FUNCTION_MEMORY' });
});
