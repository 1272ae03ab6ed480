/** With as many time-outs pending as a process survives, an overrun still costs no more than it has to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EntryGuard } from '../../src/runtime/index.ts';
import { armedTimers } from '../../src/runtime/isolate/armed-timers.ts';
import { GUARD_LAYOUT } from '../../src/runtime/watchdog/entry-guard.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';

/** Ends by itself, so that a test fails where nothing stops it. */
const CODE = handlerOf(`
  if (msg.text() === 'loop') { const until = Date.now() + 3_000; while (Date.now() < until); }
  return msg.text();`);

function armAll(): void {
  while (armedTimers.arm(300_000, 300_000, performance.now()));
}

test('A short limit that a busy machine stretches counts as a short one', async (t) => {
  const arm = t.mock.method(armedTimers, 'arm', () => true);
  const guard = new EntryGuard();
  Atomics.store(new Int32Array(guard.shared), GUARD_LAYOUT.stretchPercent, 300);
  using probe = createTestFunction(CODE, { guard, limits: { cpuMs: 60 } });
  for (let call = 0; call < 2; call += 1) await probe.text({ data: 'fine' });
  assert.deepEqual(arm.mock.calls.at(-1)?.arguments.slice(0, 2), [60, 180]);
});

test('An entry in the heavy lane that has no time-out is ended with its instance', async () => {
  armAll();
  using probe = createTestFunction(CODE, { inlineCpuMs: 50, limits: { cpuMs: 300 } });
  assert.equal(await probe.text({ data: 'fine' }), 'fine');
  const answer = await probe.call({ data: 'loop' });
  assert.match(answer.ok ? '' : answer.error.message, /limits\.cpu of 300ms and its instance was disposed$/);
  assert.equal(answer.ok ? '' : answer.error.code, 'HS_FUNCTION_CPU');
  assert.equal(await probe.text({ data: 'fine' }), 'fine');
  assert.equal(probe.runner.stats().coldReasons.interrupted, 1);
});
