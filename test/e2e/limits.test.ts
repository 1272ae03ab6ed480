import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { handler, startTestHost } from '../support/host.ts';
import { tally, until } from '../support/load.ts';

const world = await startTestHost();
after(() => world[Symbol.asyncDispose]());
const { ask, deploy } = world;

test('What is beyond concurrency and queue is refused at once, and the rest is answered', async () => {
  await deploy({
    name: 'narrow',
    code: handler('await new Promise((resolve) => setTimeout(resolve, 300)); return "done";'),
    limits: { concurrency: 2, queue: 3 },
  });
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask('narrow')));
  assert.deepEqual(tally(answers), { ok: 5, HS_FUNCTION_OVERLOADED: 7 });
  const refused = answers.filter(({ outcome }) => outcome !== 'ok');
  const firstDoneMs = Math.min(
    ...answers.filter(({ outcome }) => outcome === 'ok').map(({ tookMs }) => tookMs),
  );
  for (const { tookMs, headers } of refused) {
    assert.ok(tookMs < firstDoneMs, `refused only after ${tookMs} ms`);
    assert.equal(headers?.get('Nats-Service-Error-Code'), '429');
    assert.equal(headers?.get('Hairspring-Retryable'), 'true');
  }
});

test('What is beyond the bytes that a function may hold is refused at once, and a neighbour is answered', async () => {
  await deploy({
    name: 'heavy',
    code: handler('await new Promise(() => {});'),
    limits: { concurrency: 1, timeout: '2s' },
  });
  await deploy({ name: 'light', code: handler('return "light";') });
  const pid = world.host.cellPids()[0];
  const body = 'x'.repeat(512 * 1024);
  const asked = Array.from({ length: 48 }, () => ask('heavy', body, { timeoutMs: 30_000 }));
  assert.equal((await ask('light')).text, 'light');
  const answers = tally(await Promise.all(asked));
  assert.deepEqual(answers, { HS_FUNCTION_OVERLOADED: 16, HS_FUNCTION_TIMEOUT: 32 });
  assert.equal(world.host.cellPids()[0], pid);
});

test('A message over limits.payload is refused, one of just that size is not', async () => {
  await deploy({ name: 'small', code: handler('return msg.data.length;'), limits: { payload: '1KiB' } });
  assert.equal((await ask('small', 'x'.repeat(1024))).text, '1024');
  const refused = await ask('small', 'x'.repeat(1025));
  assert.equal(refused.outcome, 'HS_PAYLOAD_TOO_LARGE');
  assert.match(refused.headers?.get('error') ?? '', /1025 bytes exceed limits\.payload of 1KiB/);
});

test('A promise that never settles ends at limits.timeout', async () => {
  await deploy({
    name: 'never',
    code: handler('await new Promise(() => {});'),
    limits: { timeout: '200ms' },
  });
  const answer = await ask('never');
  assert.equal(answer.outcome, 'HS_FUNCTION_TIMEOUT');
  assert.ok(answer.tookMs >= 195, `ended after ${answer.tookMs} ms`);
});

test('An endless loop after a real KV call fails its own invocation only', async () => {
  await deploy({
    name: 'looper',
    code: handler(`
      await env.BUCKET.get('nothing');
      if (msg.text() === 'loop') for (;;) {}
      return 'good';`),
    bindings: { BUCKET: { kv: 'limits', access: 'read' } },
    limits: { cpu: '100ms' },
  });
  const texts = Array.from({ length: 20 }, (_, index) => (index === 7 ? 'loop' : 'good'));
  const answers = await Promise.all(texts.map((text) => ask('looper', text)));
  assert.equal(answers[7]?.outcome, 'HS_FUNCTION_CPU');
  assert.deepEqual(tally(answers), { ok: 19, HS_FUNCTION_CPU: 1 });
});

test('An endless loop in a timer or a microtask does not silence anybody', async () => {
  await deploy({
    name: 'detours',
    limits: { timeout: '2s', cpu: '100ms' },
    code: handler(`
      switch (msg.text()) {
        case 'timer': await new Promise(() => setTimeout(() => { for (;;) {} }, 1)); break;
        case 'microtasks': { const again = () => Promise.resolve().then(again); await again(); await new Promise(() => {}); break; }
        case 'thenable': await { then() { for (;;) {} } }; break;
        case 'getter': return { get a() { for (;;) {} } };
        case 'toJSON': return { toJSON() { for (;;) {} } };
      }
      return 'good';`),
  });
  for (const way of ['timer', 'microtasks', 'thenable', 'getter', 'toJSON']) {
    const [bad, good] = await Promise.all([ask('detours', way), ask('detours', 'fine')]);
    assert.ok(['HS_FUNCTION_CPU', 'HS_FUNCTION_TIMEOUT'].includes(bad.outcome), `${way}: ${bad.outcome}`);
    assert.equal(good.text, 'good', way);
  }
  assert.equal((await ask('detours', 'fine')).text, 'good');
});

test('A reply larger than the server lets through is an error to the caller', async () => {
  await deploy({ name: 'flood', code: handler('return "x".repeat(Number(msg.text()));') });
  assert.equal((await ask('flood', '1000000')).text.length, 1_000_000);
  assert.equal((await ask('flood', '3000000')).outcome, 'HS_REPLY_TOO_LARGE');
});

test('An instance over limits.memory is disposed, its callers hear of it, and the next call is served', async () => {
  await deploy({
    name: 'hoarder',
    code: `const kept = []; export default { async message(msg) {
      if (msg.text() === 'wait') await new Promise((resolve) => setTimeout(resolve, 2000));
      if (msg.text() === 'hoard') for (;;) kept.push(new Array(1e5).fill(kept.length + 0.5));
      return kept.length;
    } };`,
    limits: { memory: '16MiB' },
  });
  assert.equal((await ask('hoarder')).text, '0');
  const waiting = ask('hoarder', 'wait');
  await until('a call is in flight', async () => (await world.client().info('hoarder')).stats.inFlight === 1);
  assert.equal((await ask('hoarder', 'hoard')).outcome, 'HS_FUNCTION_MEMORY');
  assert.equal((await waiting).outcome, 'HS_FUNCTION_MEMORY');
  assert.equal((await ask('hoarder')).text, '0');
});
