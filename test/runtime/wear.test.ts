import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isSpent, Wear } from '../../src/runtime/dispatch/wear.ts';

const LIMITS = { ageMs: 1_000, invocations: 100, heapShare: 0.8 };

test('What is measured while another thread is inside is measured again when it has come out', () => {
  const wear = new Wear(LIMITS, 0, 100);
  const instance = {
    invoked: 1,
    away: true,
    totalBytes: 0,
    memoryUse: () => ({ heapBytes: 0, totalBytes: instance.totalBytes }),
  };
  assert.equal(wear.isWorn(instance, 1), false);
  assert.equal(wear.bytes, 0);
  instance.away = false;
  instance.totalBytes = 50;
  assert.equal(wear.isWorn(instance, 2), false);
  assert.equal(wear.bytes, 50);
});

test('One full heap is counted once, however long the call takes in which it was seen', () => {
  const wear = new Wear(LIMITS, 0, 100);
  const instance = { invoked: 1, away: true, memoryUse: () => ({ heapBytes: 90, totalBytes: 90 }) };
  for (let look = 0; look < 20; look += 1) assert.equal(wear.isWorn(instance, look), false);
});

test('The guest ends a batch at the same loss of memory at which the host replaces the isolate', () => {
  const source = readFileSync(new URL('../../src/runtime/guest/dispatcher.js', import.meta.url), 'utf8');
  const [, factors = ''] = /const MAX_LOST_KIB = ([\d *]+);/.exec(source) ?? [];
  const lostBytes = 1024 * factors.split('*').reduce((product, factor) => product * Number(factor), 1);
  assert.equal(isSpent({ type: 'javascript' }, { abandoned: 0, lostBytes }), true);
  assert.equal(isSpent({ type: 'javascript' }, { abandoned: 0, lostBytes: lostBytes - 1 }), false);
});
