import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { createTestFunction, handlerOf } from '../support/functions.ts';

const LIMITS = { cpuMs: 1_000 };
/** Loops as often as it is told to, and answers how long that took. */
const LOOPS = handlerOf(`const startedMs = Date.now();
  let left = Number(msg.text());
  while (left > 0) left -= 1;
  return String(Date.now() - startedMs);`);

/** Stops this process after a while, and lets it go on long after the limit. @returns when it is about to */
async function stopSoon(): Promise<void> {
  const script = `echo ready; sleep 0.1; kill -STOP ${process.pid}; sleep 2.5; kill -CONT ${process.pid}`;
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
}

test('Who was ended because the machine stood still is not blamed, and its function serves on', async () => {
  using probe = createTestFunction(LOOPS, { limits: LIMITS });
  assert.ok(Number(await probe.text({ data: '1000' })) < 1_000);
  // As many as take three quarters of a second here, at the pace of the second call, which is compiled.
  const few = 5e6;
  await probe.text({ data: String(few) });
  const tookMs = Math.max(1, Number(await probe.text({ data: String(few) })));
  const loops = String(Math.round((few * 750) / tookMs));
  await stopSoon();
  const answer = await probe.call({ data: loops });
  assert.ok(!answer.ok, answer.ok ? `it was answered after ${answer.text} ms` : '');
  const { error } = answer;
  assert.equal(error.code, 'HS_FUNCTION_STARVED');
  assert.match(error.message, /limits\.cpu of 1s had passed by the clock/);
  assert.ok(Number(await probe.text({ data: '1000' })) < 1_000);
});

test('Who did run for its limit is blamed as before', async () => {
  using probe = createTestFunction(LOOPS, { limits: { cpuMs: 60 } });
  await probe.text({ data: '1000' });
  assert.equal(await probe.code({ data: '1e12' }), 'HS_FUNCTION_CPU');
});
