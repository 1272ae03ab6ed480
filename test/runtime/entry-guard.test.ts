import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EntryGuard } from '../../src/runtime/index.ts';
import { GUARD_LAYOUT } from '../../src/runtime/watchdog/entry-guard.ts';

function stretched(percent: number): EntryGuard {
  const guard = new EntryGuard();
  Atomics.store(new Int32Array(guard.shared), GUARD_LAYOUT.stretchPercent, percent);
  return guard;
}

test('A limit holds as it is until the watchdog has seen the thread wait', () => {
  assert.equal(new EntryGuard().stretch(50), 50);
  assert.equal(new EntryGuard(new EntryGuard().shared).stretch(50), 50);
});

test('A limit is stretched by how much longer the thread takes on a busy machine', () => {
  assert.equal(stretched(250).stretch(50), 125);
});

test('Both ends of the shared memory see the same entry and the same stretch', () => {
  const main = stretched(300);
  const other = new EntryGuard(main.shared);
  assert.equal(other.stretch(10), 30);
  assert.equal(other.sequence() % 2, 0);
  main.begin(40);
  assert.equal(other.sequence() % 2, 1);
  assert.equal(other.limitMs(), 40);
  main.end();
  assert.equal(other.sequence() % 2, 0);
});
