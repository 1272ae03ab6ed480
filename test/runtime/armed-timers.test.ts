import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { ArmedTimers, MAX_ARMED } from '../../src/runtime/isolate/armed-timers.ts';

test('Short time-outs are always armed, long ones up to a number', () => {
  const timers = new ArmedTimers();
  for (let count = 0; count < MAX_ARMED; count += 1) assert.equal(timers.arm(1_000, 1_000, 0), true);
  assert.equal(timers.arm(1_000, 1_000, 500), false);
  assert.equal(timers.arm(60_000, 60_000, 500), false);
  assert.equal(timers.arm(50, 50, 500), true);
  assert.equal(timers.arm(50, 300, 500), true, 'its limit is short, and the machine busy');
  assert.equal(timers.arm(1_000, 1_000, 1_500), true, 'their time is over');
  assert.equal(timers.armed, 1);
});

test('What is counted is never less than what is pending, and all of it goes in time', () => {
  const entry = fc.record({
    limitMs: fc.oneof(fc.integer({ min: 101, max: 2_000 }), fc.integer({ min: 101, max: 360_000 })),
    passedMs: fc.oneof(fc.constant(0), fc.nat(300), fc.nat(1_000_000)),
    count: fc.constantFrom(1, 10, MAX_ARMED),
  });
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.array(entry), (startMs, entries) => {
      const timers = new ArmedTimers();
      let nowMs = startMs;
      let pending: { readonly dueMs: number; readonly count: number }[] = [];
      for (const { limitMs, passedMs, count } of entries) {
        nowMs += passedMs;
        let armed = 0;
        while (armed < count && timers.arm(limitMs, limitMs, nowMs)) armed += 1;
        pending = [...pending, { dueMs: nowMs + limitMs, count: armed }].filter(({ dueMs }) => dueMs > nowMs);
        const truly = pending.reduce((sum, each) => sum + each.count, 0);
        assert.ok(timers.armed >= truly, `${timers.armed} are counted, ${truly} are pending`);
        assert.ok(timers.armed <= MAX_ARMED);
      }
      assert.ok(timers.arm(101, 101, nowMs + 361_000));
      assert.equal(timers.armed, 1);
    }),
    { numRuns: 200 },
  );
});

test('A process that was stopped after many entries under a long limit goes on', async () => {
  const fixture = fileURLToPath(new URL('./fixtures/timer-pile.ts', import.meta.url));
  // Where the soft limit is unlimited, glibc gives a thread as little.
  const script = 'ulimit -s 2048; exec "$0" --no-node-snapshot "$@"';
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    script,
    process.execPath,
    fixture,
    '30000',
    '2000',
  ]);
  assert.equal(stdout.trim(), 'survived');
});
