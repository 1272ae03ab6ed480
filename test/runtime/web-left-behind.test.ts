/** What an invocation leaves behind of the web platform serves the next one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction, handlerOf } from '../support/functions.ts';

/** As libraries have it that run a task "at once": one channel for all that the module does. */
const SCHEDULER = `
  const tasks = [];
  const channel = new MessageChannel();
  channel.port1.onmessage = () => { const task = tasks.shift(); task(); };
  const later = (task) => { tasks.push(task); channel.port2.postMessage(null); };`;

const LEAVES_OR_WAITS = `
  const task = new Promise((resolve) => later(() => resolve('ran')));
  return msg.text() === 'leaves' ? 'left' : await task;`;

test('A message that an invocation did not wait for does not hold up the channel of the module', async () => {
  using probe = createTestFunction(handlerOf(LEAVES_OR_WAITS, SCHEDULER), { limits: { timeoutMs: 2_000 } });
  assert.equal(await probe.text({ data: 'leaves' }), 'left');
  assert.equal(await probe.text({ data: 'waits' }), 'ran');
  assert.equal(await probe.text({ data: 'leaves' }), 'left');
  assert.equal(await probe.text({ data: 'waits' }), 'ran');
});

test('The same holds where both invocations begin at once', async () => {
  using probe = createTestFunction(handlerOf(LEAVES_OR_WAITS, SCHEDULER), { limits: { timeoutMs: 2_000 } });
  const both = ['leaves', 'waits', 'leaves', 'waits'].map((data) => probe.text({ data }));
  assert.deepEqual(await Promise.all(both), ['left', 'ran', 'left', 'ran']);
});

test('A message that the top level of a module posts comes when an invocation posts the next', async () => {
  using probe = createTestFunction(handlerOf(LEAVES_OR_WAITS, `${SCHEDULER} later(() => undefined);`), {
    limits: { timeoutMs: 2_000 },
  });
  assert.equal(await probe.text({ data: 'waits' }), 'ran');
});

test('A port goes on once timers may be set again', async () => {
  const body = `
    if (msg.text() === 'fills') {
      for (let count = 0; count < 1000; count += 1) setTimeout(() => undefined, 60_000);
      later(() => undefined);
      return 'filled';
    }
    return await new Promise((resolve) => later(() => resolve('ran')));`;
  using probe = createTestFunction(handlerOf(body, SCHEDULER), { limits: { timeoutMs: 2_000 } });
  assert.equal(await probe.text({ data: 'fills' }), 'filled');
  assert.equal(await probe.text({ data: 'waits' }), 'ran');
});

test('A file reader that an invocation left in the middle reads for the next one', async () => {
  const body = `
    reader.readAsText(new Blob(['abc']));
    if (msg.text() === 'leaves') return 'left';
    await new Promise((resolve) => { reader.onloadend = resolve; });
    return reader.result;`;
  using probe = createTestFunction(handlerOf(body, 'const reader = new FileReader();'), {
    limits: { timeoutMs: 2_000 },
  });
  assert.equal(await probe.text({ data: 'leaves' }), 'left');
  assert.equal(await probe.text({ data: 'waits' }), 'abc');
});

test('A signal of AbortSignal.timeout that is kept is aborted when its time is up, and tells nobody of before', async () => {
  const body = `
    if (msg.text() === 'makes') {
      kept = AbortSignal.timeout(40);
      kept.addEventListener('abort', () => { heard += 1; });
      followed = AbortSignal.any([kept]);
      return JSON.stringify([kept.aborted, top.aborted]);
    }
    if (msg.text() === 'waits') await new Promise((resolve) => setTimeout(resolve, 60));
    return JSON.stringify([kept.aborted, kept.reason?.name, followed.aborted, top.aborted, heard]);`;
  const code = handlerOf(body, 'let kept, followed, heard = 0; const top = AbortSignal.timeout(60_000);');
  using probe = createTestFunction(code, { limits: { timeoutMs: 2_000 } });
  assert.equal(await probe.text({ data: 'makes' }), '[false,false]');
  assert.equal(await probe.text({ data: 'looks' }), '[false,null,false,false,0]');
  assert.equal(await probe.text({ data: 'waits' }), '[true,"TimeoutError",true,false,0]');
  assert.deepEqual(probe.logs, []);
});

test('A signal of AbortSignal.timeout that is kept is heard by whoever listens to it in a later call, or at the same time', async () => {
  const body = `
    if (msg.text() === 'makes') {
      kept = AbortSignal.timeout(100);
      return 'made';
    }
    const signal = msg.text() === 'follows' ? AbortSignal.any([kept, new AbortController().signal]) : kept;
    return await new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason.name)));`;
  using probe = createTestFunction(handlerOf(body, 'let kept; const top = AbortSignal.timeout(100);'), {
    limits: { timeoutMs: 2_000 },
  });
  assert.equal(await probe.text({ data: 'makes' }), 'made');
  const both = ['listens', 'follows', 'listens'].map((data) => probe.text({ data }));
  assert.deepEqual(await Promise.all(both), ['TimeoutError', 'TimeoutError', 'TimeoutError']);
});
