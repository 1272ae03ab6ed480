/** What a function hands out at one go is bounded before it reaches the host, and again there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST_LIMITS } from '../../src/core/index.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';
import { turns, until } from '../support/turns.ts';

const CALM = { limits: { cpuMs: 5_000 } };
const MIB = 1024 ** 2;

test('Log lines beyond a thousand at one go are counted and not sent', async () => {
  using probe = createTestFunction(
    handlerOf(`for (let line = 0; line < 5_000; line += 1) console.log('line', line); return 'done';`),
    CALM,
  );
  assert.equal(await probe.text(), 'done');
  assert.equal(probe.logs.length, 1_001);
  assert.match(probe.logs.at(-1)?.text ?? '', /^4000 log lines were dropped/);
  assert.equal(await probe.text(), 'done');
  assert.equal(probe.logs.length, 2_002);
});

test('Log lines are bounded in size together', async () => {
  using probe = createTestFunction(
    handlerOf(
      `const long = 'x'.repeat(8_000); for (let line = 0; line < 900; line += 1) console.log(long); return '';`,
    ),
    CALM,
  );
  await probe.text();
  const chars = probe.logs.reduce((sum, { text }) => sum + text.length, 0);
  assert.ok(chars < 1.1 * MIB, `${chars} characters`);
});

test('Host calls beyond the pending limit never reach the host', async () => {
  let calls = 0;
  using probe = createTestFunction(
    handlerOf(`
      const codes = {};
      await Promise.all(Array.from({ length: 5_000 }, () => env.HOST.keys().catch((e) => { codes[e.code] = (codes[e.code] ?? 0) + 1 })));
      return codes;`),
    {
      ...CALM,
      host: async () => {
        calls += 1;
        return { value: [] };
      },
    },
  );
  const { pendingHostCalls } = HOST_LIMITS;
  assert.equal(await probe.text(), JSON.stringify({ HS_HOST_CALL_LIMIT: 5_000 - pendingHostCalls }));
  assert.equal(calls, pendingHostCalls);
});

test('One large payload given many times reaches the host a few times', async () => {
  let bytes = 0;
  using probe = createTestFunction(
    handlerOf(`
      const large = 'x'.repeat(2 * ${MIB});
      const settled = await Promise.allSettled(Array.from({ length: 200 }, () => env.HOST.put('k', large)));
      return [...new Set(settled.map(({ reason }) => reason?.code ?? 'ok'))];`),
    {
      ...CALM,
      host: async ({ payload }) => {
        bytes += payload?.length ?? 0;
        return { value: 1 };
      },
    },
  );
  assert.equal(await probe.text(), '["ok","HS_HOST_CALL_LIMIT"]');
  assert.ok(bytes > 0 && bytes <= 12 * MIB, `${bytes} bytes`);
});

test('No more than 512 host calls of a function are carried out at once', async () => {
  const held: (() => void)[] = [];
  using probe = createTestFunction(
    handlerOf(`await Promise.all(Array.from({ length: 200 }, () => env.HOST.keys())); return 'done';`),
    {
      limits: { cpuMs: 5_000, concurrency: 10 },
      host: () => new Promise((resolve) => held.push(() => resolve({ value: [] }))),
    },
  );
  let areThere = false;
  const answers = Promise.all(Array.from({ length: 5 }, () => probe.text())).finally(() => {
    areThere = true;
  });
  await until(() => held.length >= 512);
  await turns();
  assert.equal(held.length, 512);
  // Not all of them may have begun.
  while (!areThere) {
    for (const release of held.splice(0)) release();
    await turns();
  }
  assert.deepEqual(new Set(await answers), new Set(['done']));
});

test('All host calls that may wait can be dropped at once', async () => {
  const held: (() => void)[] = [];
  using probe = createTestFunction(
    handlerOf(`
      if (msg.text() === 'fine') return 'fine';
      for (let call = 0; call < ${HOST_LIMITS.pendingHostCalls}; call += 1) env.HOST.keys();
      console.log('begun');
      await new Promise(() => setTimeout(() => {}, 50_000));`),
    {
      limits: { cpuMs: 5_000, concurrency: 600, memoryBytes: 512 * MIB, timeoutMs: 60_000 },
      host: () => new Promise((resolve) => held.push(() => resolve({ value: [] }))),
    },
  );
  const answers = Promise.all(Array.from({ length: 512 }, () => probe.code()));
  await until(() => probe.logs.length === 512);
  assert.equal(probe.runner.cancel(), 512);
  assert.deepEqual(new Set(await answers), new Set(['HS_FUNCTION_CANCELLED']));
  for (const release of held.splice(0)) release();
  await turns();
  assert.equal(await probe.text({ data: 'fine' }), 'fine');
});

test('No more results are fetched while those that the guest has not begun fill the room for them', async () => {
  const data = Buffer.alloc(4 * MIB);
  let begunBefore = -1;
  using probe = createTestFunction(
    handlerOf(`
      let asked = false;
      // Longer than one may before the rest of the batch is given back.
      const take = () => {
        console.log('begun');
        for (const start = Date.now(); Date.now() - start < 5; );
        if (!asked) return (asked = true, env.HOST.put('k', 'v'));
      };
      await Promise.all(Array.from({ length: 10 }, () => env.HOST.get('k').then(take)));
      return 'done';`),
    {
      limits: { cpuMs: 5_000, memoryBytes: 256 * MIB },
      host: async ({ op }) => {
        if (op !== 'put') return { value: [1, 1], data };
        begunBefore = probe.logs.length;
        return { value: 1 };
      },
    },
  );
  assert.equal(await probe.text(), 'done');
  // Of ten results with 4 MiB each at most three are left where 16 MiB have room.
  assert.ok(begunBefore >= 6, `${begunBefore} of 10 results were begun before the next call`);
});

test('What goes on after its invocation by calls alone ends with the others that were there', async () => {
  let release = (): void => undefined;
  using probe = createTestFunction(
    handlerOf(`
      if (msg.text() === 'stays') return (await env.HOST.get('k')) === null;
      const again = () => env.HOST.keys().then(again, again);
      again();
      return 'replied';`),
    {
      ...CALM,
      host: ({ op }) =>
        op === 'keys'
          ? Promise.resolve({ value: [] })
          : new Promise((resolve) => {
              release = () => resolve({ value: null });
            }),
    },
  );
  // While another is there it may be that one's, and goes on in its name.
  const stays = probe.text({ data: 'stays' });
  assert.equal(await probe.text(), 'replied');
  await until(() => probe.entries.length > 400);
  release();
  assert.equal(await stays, 'true');
  const entries = probe.entries.length;
  for (let seen = -1; seen !== probe.entries.length; ) {
    seen = probe.entries.length;
    assert.ok(seen - entries < 300, `${seen - entries} entries`);
    await turns(20);
  }
});

test('Headers beyond what a reply may have are an error of the reply, and too many are left out', async () => {
  using probe = createTestFunction(
    handlerOf(`return new Reply('body', { headers: msg.text() === 'many'
      ? Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => ['h' + index, 'v'])) : { a: 'x'.repeat(70_000) } });`),
    CALM,
  );
  const refused = await probe.call();
  assert.ok(!refused.ok);
  assert.equal(refused.error.code, 'HS_REPLY_TOO_LARGE');
  assert.match(refused.error.message, /^Cannot reply: its headers are more than the 64KiB /);
  const answer = await probe.call({ data: 'many' });
  assert.ok(answer.ok);
  assert.equal(answer.outcome.headers.length, 512);
});

test('Many large replies at once are all sent, one too large is an error of its own', async () => {
  using probe = createTestFunction(handlerOf(`return 'x'.repeat(+msg.text());`), {
    limits: { cpuMs: 5_000, memoryBytes: 256 * MIB },
  });
  const sizes = [...Array.from({ length: 60 }, () => MIB), 40 * MIB];
  const answers = await Promise.all(sizes.map((size) => probe.call({ data: String(size) })));
  assert.equal(answers.filter(({ ok }) => ok).length, 60);
  const refused = answers.at(-1);
  assert.ok(refused?.ok === false);
  assert.equal(refused.error.code, 'HS_REPLY_TOO_LARGE');
  assert.match(refused.error.message, /^Cannot reply: with its 41943040 characters .* more than the 32MiB /);
  assert.equal(probe.runner.stats().coldStarts, 1);
});

test('Timers beyond a thousand are not set, and timers set and cleared at once do not reach the host without end', async () => {
  using probe = createTestFunction(
    handlerOf(`
      for (let round = 0; round < 100_000; round += 1) clearTimeout(setTimeout(() => {}, 1_000));
      for (let round = 0; round < 2_000; round += 1) setTimeout(() => {}, 1_000);
      return 'done';`),
    CALM,
  );
  assert.equal(await probe.text(), 'done');
  assert.ok(probe.logs.length <= 1_001, `${probe.logs.length} lines`);
  assert.match(probe.logs[0]?.text ?? '', /^A timer was not set/);
});

test('What a function does in many moments of one entry is no flood', async () => {
  using probe = createTestFunction(
    handlerOf(`
      for (let moment = 0; moment < 6_000; moment += 1) { clearTimeout(setTimeout(() => {}, 1_000)); await null; }
      return 'done';`),
    CALM,
  );
  assert.equal(await probe.text(), 'done');
});

test('An unknown error of a host service tells a function nothing of the host', async () => {
  using probe = createTestFunction(
    handlerOf('try { await env.HOST.get("k") } catch (e) { return e.message }'),
    {
      host: () => Promise.reject(new TypeError('ENOENT: /secret/path')),
    },
  );
  assert.equal(await probe.text(), 'Cannot call HOST.get: the host service failed');
});
