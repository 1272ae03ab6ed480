import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warmUp } from '../../src/cell/warm-up.ts';
import { createTestPool, loadIsolate, moduleOf } from '../support/functions.ts';

const COMMON =
  'const found = [DOMException, EventTarget, AbortController].map((each) => typeof each).join();';
const RARE = 'const found = [ReadableStream, WritableStream].map((each) => typeof each).join();';

test('Blank isolates come with the features made that libraries look for, and not with the others', () => {
  using pool = createTestPool();
  warmUp(pool);
  const heapOf = (topLevel: string): number => {
    using isolate = loadIsolate(pool, moduleOf('{}', topLevel));
    return isolate.memoryUse().heapBytes;
  };
  const blank = heapOf('');
  const [common, rare] = [heapOf(COMMON) - blank, heapOf(RARE) - blank];
  assert.ok(common < rare / 4, `${common} and ${rare} bytes`);
});
