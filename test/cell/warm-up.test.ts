import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warmUp } from '../../src/cell/warm-up.ts';
import { createTestPool, loadIsolate, moduleOf } from '../support/functions.ts';

const USES = 'const found = [DOMException, EventTarget, AbortController].map((each) => typeof each).join();';

/** Bytes of heap that a blank isolate and one with those features take. */
function heapOf(warm: boolean): { readonly blank: number; readonly used: number } {
  using pool = createTestPool();
  if (warm) warmUp(pool);
  else pool.create(32 * 1024 ** 2)[Symbol.dispose]();
  using blank = loadIsolate(pool, moduleOf('{}'));
  using used = loadIsolate(pool, moduleOf('{}', USES));
  return { blank: blank.heapBytes(), used: used.heapBytes() };
}

test('After the warm-up, isolates come with the features compiled that libraries look for, and work as before', () => {
  const cold = heapOf(false);
  const warm = heapOf(true);
  assert.ok(warm.blank > cold.blank, `${warm.blank} and ${cold.blank} bytes`);
  // What is compiled already is not compiled by the function that asks for it.
  assert.ok(warm.used - warm.blank < cold.used - cold.blank);
});
