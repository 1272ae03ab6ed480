import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import type { HairspringError } from '../../src/core/index.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';

const LIMITS = { cpuMs: 2_000 };
/** A busy machine may stop the process late, or send the function to the heavy lane for its first calls. */
const MOST_TRIES = 5;
/** Loops as often as it is told to, and answers how long that took. */
const LOOPS = handlerOf(`const startedMs = Date.now();
  let left = Number(msg.text());
  while (left > 0) left -= 1;
  return String(Date.now() - startedMs);`);

/** Stops this process after a while, and lets it go on long after the limit. @returns when it is about to */
async function stopSoon(): Promise<void> {
  const script = `echo ready; sleep 0.1; kill -STOP ${process.pid}; sleep 3; kill -CONT ${process.pid}`;
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
}

/** What a call hears that takes three quarters of its limit, and in the course of which the process stands still. */
async function callThatIsStopped(): Promise<HairspringError | undefined> {
  using probe = createTestFunction(LOOPS, { limits: LIMITS });
  const few = 1e6;
  for (let call = 0; call < 3; call += 1) await probe.text({ data: String(few) });
  const tookMs = Math.max(1, Number(await probe.text({ data: String(5 * few) })));
  const loops = String(Math.round((5 * few * 0.75 * LIMITS.cpuMs) / tookMs));
  await stopSoon();
  const answer = await probe.call({ data: loops });
  await probe.text({ data: '1000' });
  return answer.ok ? undefined : answer.error;
}

test('Who was ended because the machine stood still is not blamed, and its function serves on', async () => {
  const heard: (string | undefined)[] = [];
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const error = await callThatIsStopped();
    heard.push(error?.code);
    if (error?.code !== 'HS_FUNCTION_STARVED') continue;
    assert.match(error.message, /limits\.cpu of 2s had passed by the clock/);
    return;
  }
  assert.fail(`they heard ${heard.join(', ')}`);
});

test('Who did run for its limit is blamed as before', async () => {
  using probe = createTestFunction(LOOPS, { limits: { cpuMs: 60 } });
  await probe.text({ data: '1000' });
  assert.equal(await probe.code({ data: '1e12' }), 'HS_FUNCTION_CPU');
});
