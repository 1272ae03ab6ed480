import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EntryGuard } from '../../src/runtime/index.ts';

test('A limit is stretched by how much longer the thread takes on a busy machine', () => {
  const guard = new EntryGuard();
  assert.equal(guard.stretch(50), 50);
  guard.setStretch(250);
  assert.equal(guard.stretch(50), 125);
});

test('A limit is never shortened, and never stretched without bound', () => {
  const guard = new EntryGuard();
  guard.setStretch(20);
  assert.equal(guard.stretch(50), 50);
  guard.setStretch(1_000_000);
  assert.equal(guard.stretch(50), 300);
});

test('Both ends of the shared memory see the same entry and the same stretch', () => {
  const main = new EntryGuard();
  main.setStretch(300);
  const watchdog = new EntryGuard(main.shared);
  assert.equal(watchdog.stretch(10), 30);
  assert.equal(watchdog.sequence % 2, 0);
  main.begin(40);
  assert.equal(watchdog.sequence % 2, 1);
  assert.equal(watchdog.limitMs, 40);
  main.end();
  assert.equal(watchdog.sequence % 2, 0);
});
