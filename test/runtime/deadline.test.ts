/** A caller says by a header how long it waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callerTimeoutMs, REQUEST_HEADERS, timeoutHeader } from '../../src/core/index.ts';
import { FunctionRunner } from '../../src/runtime/index.ts';
import { createManualClock } from '../control/support/manual-clock.ts';
import { type Call, createTestFunction, handlerOf } from '../support/functions.ts';
import { turns } from '../support/turns.ts';

const within = (ms: number | string, key = 'a'): Call => ({
  subject: `probe.${key}`,
  headers: [
    ['Other', '1'],
    [REQUEST_HEADERS.timeoutMs, String(ms)],
  ],
});

const STUCK = handlerOf('if (msg.params.key === "fine") return "fine"; await new Promise(() => {});');

test('A call ends when its caller waits no longer, if that is before the function limit', async () => {
  const clock = createManualClock();
  using probe = createTestFunction(STUCK, { clock, limits: { timeoutMs: 1_000 } });
  const patient = probe.call(within(60_000));
  const hurried = probe.call(within(200));
  await turns();
  clock.advance(180);
  assert.equal(probe.runner.inFlight, 2);
  clock.advance(40);
  const answer = await hurried;
  assert.match(
    answer.ok ? '' : answer.error.message,
    /did not answer within the 200ms for which its caller waits/,
  );
  clock.advance(760);
  assert.equal(probe.runner.inFlight, 1);
  clock.advance(40);
  const late = await patient;
  assert.match(late.ok ? '' : late.error.message, /within limits.timeout of 1s/);
});

test('A call whose caller waits no longer is answered at once, without waking the function', async () => {
  using probe = createTestFunction(STUCK);
  const answer = await probe.call(within(0));
  assert.equal(answer.ok ? '' : answer.error.code, 'HS_FUNCTION_TIMEOUT');
  assert.equal(probe.runner.stats().coldStarts, 0);
});

test('A call in a hurry that waits behind patient ones is ended in time, and the others are not', async () => {
  const clock = createManualClock();
  using probe = createTestFunction(STUCK, { clock, limits: { timeoutMs: 1_000, concurrency: 1, queue: 10 } });
  const stuck = probe.code();
  const patient = probe.text({ subject: 'probe.fine' });
  const hurried = [probe.code(within(100)), probe.code(within(300))];
  await turns();
  clock.advance(120);
  assert.equal(await hurried[0], 'HS_FUNCTION_TIMEOUT');
  assert.equal(probe.runner.stats().queued, 2);
  clock.advance(200);
  assert.equal(await hurried[1], 'HS_FUNCTION_TIMEOUT');
  assert.equal(probe.runner.stats().queued, 1);
  clock.advance(400);
  assert.equal(probe.runner.cancel(undefined) >= 1, true);
  assert.equal(await stuck, 'HS_FUNCTION_CANCELLED');
  await patient.catch(() => undefined);
});

test('The handler learns the deadline of its caller', async () => {
  using probe = createTestFunction(handlerOf('return ctx.deadline - Date.now()'));
  const left = Number(await probe.text(within(700)));
  assert.ok(left > 0 && left <= 701, String(left));
});

test('What is no number of milliseconds is passed over', async () => {
  for (const value of ['', '-1', '1.5', '1e3', '0x1', 'soon', '1234567890', ' 5', '٣'])
    assert.equal(callerTimeoutMs([[REQUEST_HEADERS.timeoutMs, value]]), undefined, value);
  assert.equal(callerTimeoutMs(undefined), undefined);
  assert.equal(callerTimeoutMs([['other', '5']]), undefined);
  assert.equal(callerTimeoutMs([[REQUEST_HEADERS.timeoutMs, '0005']]), 5);
});

test('The header says what is left, never less than nothing', () => {
  for (const [deadlineMs, nowMs, expected] of [
    [1_500.9, 1_000, '500'],
    [1_000, 1_500, '0'],
    [1e12, 0, '999999999'],
  ] as const)
    assert.deepEqual(timeoutHeader(deadlineMs, nowMs), [REQUEST_HEADERS.timeoutMs, expected]);
  assert.equal(callerTimeoutMs([timeoutHeader(1_500, 1_000)]), 500);
});

test('A new version does not give a call that waited its time anew', async () => {
  const clock = createManualClock();
  using old = createTestFunction(STUCK, { clock, limits: { timeoutMs: 1_000, concurrency: 1 } });
  const begun = old.code();
  const waiting = old.code(within(500));
  await turns();
  clock.advance(400);
  const successor = new FunctionRunner(old.runner.spec, new Map(), old.dependencies);
  old.runner.replaceWith(successor);
  await turns();
  clock.advance(120);
  assert.equal(await waiting, 'HS_FUNCTION_TIMEOUT');
  clock.advance(500);
  assert.equal(await begun, 'HS_FUNCTION_TIMEOUT');
});
