import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError, HOST_LIMITS, type HostCall } from '../../src/core/index.ts';
import { createManualClock } from '../control/support/manual-clock.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';
import { turns, until } from '../support/turns.ts';

test('A host call carries its operation, arguments and payload, and brings back value and bytes', async () => {
  const seen: HostCall[] = [];
  using probe = createTestFunction(
    handlerOf(`
      await env.HOST.put('text', 'ü'); await env.HOST.put('bytes', new Uint8Array([0, 255]));
      await env.HOST.put('json', { a: 1 }); await env.HOST.update('k', 'v', 7);
      const entry = await env.HOST.get('k');
      return [entry.key, entry.revision, [...entry.value], entry.created.getTime()];`),
    {
      host: async (call) => {
        seen.push(call);
        return call.op === 'get' ? { value: [9, 1_000], data: Buffer.from([1, 255]) } : { value: 1 };
      },
    },
  );
  assert.equal(await probe.text(), '["k",9,[1,255],1000]');
  assert.deepEqual(
    seen.map(({ op, args, payload }) => [
      op,
      args,
      typeof payload === 'string' ? payload : payload && [...payload],
    ]),
    [
      ['put', ['text'], 'ü'],
      ['put', ['bytes'], [0, 255]],
      ['put', ['json'], '{"a":1}'],
      ['update', ['k', 7], 'v'],
      ['get', ['k'], undefined],
    ],
  );
});

test('A refused host call rejects with a HostError of the same code, which may be caught', async () => {
  using probe = createTestFunction(
    handlerOf(`try { await env.HOST.get('k') } catch (error) {
      return [error instanceof HostError, error instanceof Error, error.name, error.code, error.message, error.retryable];
    }`),
    {
      host: () => Promise.reject(new HairspringError('HS_KV_UNAVAILABLE', 'Cannot get: no answer')),
    },
  );
  assert.equal(
    await probe.text(),
    '[true,true,"HostError","HS_KV_UNAVAILABLE","Cannot get: no answer",true]',
  );
});

test('A host call that fails for reasons of ours tells the function no more than a code', async () => {
  using probe = createTestFunction(handlerOf('try { await env.HOST.get("k") } catch (e) { return e.code }'), {
    host: () => Promise.reject(new TypeError('inner')),
  });
  assert.equal(await probe.text(), 'HS_INTERNAL');
});

test('Host calls beyond the pending limit are refused, the others are served', async () => {
  const held: (() => void)[] = [];
  using probe = createTestFunction(
    handlerOf(`
      const calls = Array.from({ length: ${HOST_LIMITS.pendingHostCalls + 10} }, () => env.HOST.keys());
      const settled = await Promise.allSettled(calls);
      return [settled.filter((s) => s.status === 'fulfilled').length, settled.filter((s) => s.reason?.code === 'HS_HOST_CALL_LIMIT').length];`),
    { host: () => new Promise((resolve) => held.push(() => resolve({ value: [] }))) },
  );
  const reply = probe.text();
  await until(() => held.length === HOST_LIMITS.pendingHostCalls);
  await turns();
  assert.equal(held.length, HOST_LIMITS.pendingHostCalls);
  for (const release of held.splice(0)) release();
  assert.equal(await reply, `[${HOST_LIMITS.pendingHostCalls},10]`);
});

test('The pending limit is per invocation', async () => {
  const held: (() => void)[] = [];
  const body = 'await Promise.all(Array.from({ length: 200 }, () => env.HOST.keys())); return "done"';
  using probe = createTestFunction(handlerOf(body), {
    host: () => new Promise((resolve) => held.push(() => resolve({ value: [] }))),
  });
  const replies = Promise.all([probe.text(), probe.text()]);
  await until(() => held.length === 400);
  for (const release of held.splice(0)) release();
  assert.deepEqual(await replies, ['done', 'done']);
});

test('A host call after the invocation has ended is refused', async () => {
  let calls = 0;
  using probe = createTestFunction(
    handlerOf(
      `(async () => { for (let hop = 0; hop < 20; hop += 1) await null; await env.HOST.keys(); })()
        .catch((e) => console.log(e.code, e.message));
      return 'first';`,
    ),
    {
      host: async () => {
        calls += 1;
        return { value: [] };
      },
    },
  );
  assert.equal(await probe.text({ subject: 'probe.first' }), 'first');
  await until(() => probe.logs.length > 0);
  assert.match(probe.logs[0]?.text ?? '', /^HS_BINDING_DENIED .*its invocation has ended/);
  assert.equal(calls, 0);
});

test('A host call on a binding that the cell does not have is refused', async () => {
  using probe = createTestFunction(
    handlerOf('try { await env.HOST.keys() } catch (e) { return e.message }'),
    {
      bindings: { HOST: { service: 'kv', bucket: 'b', access: 'read', keys: '>', existing: true } },
    },
  );
  assert.equal(await probe.text(), 'Cannot call keys: there is no binding "HOST"');
});

test('Odd arguments of a host call are an error of the call and of nothing else', async () => {
  const odd = [
    'new Proxy({}, { get() { throw new Error("trap") } })',
    '({ toString() { throw new Error("text") } })',
    'Symbol("s")',
    'Object.create(null)',
    'undefined',
    'null',
    '{}',
    'NaN',
    '-Infinity',
    '"x".repeat(1e6)',
    '"\\ud800"',
    '() => 1',
    '10n',
  ];
  using probe = createTestFunction(
    handlerOf(`
      const tried = [];
      for (const make of [${odd.map((source) => `() => (${source})`).join(', ')}]) {
        for (const call of [(v) => env.HOST.get(v), (v) => env.HOST.put('k', v), (v) => env.HOST.update('k', 'v', v), (v) => env.HOST.delete('k', v), (v) => env.HOST.keys(v)]) {
          try { await call(make()); tried.push('ok'); } catch (error) { tried.push(typeof error); }
        }
      }
      return [tried.length, tried.every((one) => one === 'ok' || one === 'object')];`),
    {
      host: async ({ args }) => {
        assert.ok(args.every((arg) => arg === null || typeof arg === 'string' || Number.isFinite(arg)));
        return { value: null };
      },
    },
  );
  assert.equal(await probe.text(), `[${odd.length * 5},true]`);
  assert.equal(probe.runner.stats().coldStarts, 1);
});

test('A large value crosses to the host and back in one piece', async () => {
  using probe = createTestFunction(
    handlerOf(`
      const big = new Uint8Array(300_000).map((_, index) => index);
      await env.HOST.put('k', big);
      const { value } = await env.HOST.get('k');
      return value.length === big.length && value.every((byte, index) => byte === big[index]);`),
    {
      host: (() => {
        let stored: Uint8Array | undefined;
        return async ({ op, payload }: HostCall) => {
          if (op === 'put') stored = typeof payload === 'string' ? Buffer.from(payload) : payload;
          return { value: [1, 1], data: stored };
        };
      })(),
    },
  );
  assert.equal(await probe.text(), 'true');
});

test('A binding is told of the end of each invocation that has called it, and of no other', async () => {
  const ended: number[] = [];
  const callers: number[] = [];
  const held: (() => void)[] = [];
  using probe = createTestFunction(
    handlerOf(
      'const op = msg.text(); if (op === "idle") return; const call = env.HOST.get(op); if (op === "wait") await call;',
    ),
    {
      limits: { timeoutMs: 200 },
      prepared: {
        HOST: {
          call: async (_call, caller) => {
            callers.push(caller.id);
            await new Promise<void>((resolve) => held.push(resolve));
            return { value: null };
          },
          ended: (callerId) => ended.push(callerId),
        },
      },
      bindings: { HOST: { service: 'kv', bucket: 'b', access: 'read', keys: '>', existing: true } },
    },
  );
  assert.equal(await probe.text({ data: 'idle' }), '');
  assert.deepEqual(ended, []);
  assert.equal(await probe.text({ data: 'leave' }), '');
  assert.equal(await probe.code({ data: 'wait' }), 'HS_FUNCTION_TIMEOUT');
  assert.equal(callers.length, 2);
  assert.deepEqual(ended, callers);
  // What a call opens after the end of its invocation is released as well.
  for (const release of held) release();
  await turns();
  assert.deepEqual(ended, [...callers, ...callers]);
});

/** Some entry begins 128 invocations at once, and each of them calls five times. */
const LEAVES_FIVE = `for (let at = 0; at < 5; at += 1) env.HOST.put('k' + at, msg.text()); return 'left';`;

test('Host calls that nobody awaits are carried out after the reply, also those that wait for others', async () => {
  const held: (() => void)[] = [];
  let begun = 0;
  using probe = createTestFunction(handlerOf(LEAVES_FIVE), {
    limits: { concurrency: 1_000, cpuMs: 5_000 },
    host: () => {
      begun += 1;
      return new Promise((resolve) => held.push(() => resolve({ value: 1 })));
    },
  });
  const answers = await Promise.all(Array.from({ length: 128 }, () => probe.text()));
  assert.deepEqual(new Set(answers), new Set(['left']));
  assert.equal(begun, 512);
  for (const release of held.splice(0)) release();
  await turns();
  assert.equal(begun, 640);
  assert.deepEqual(probe.logs, []);
});

test('Host calls that wait when their invocation is ended by force are not carried out', async () => {
  const held: (() => void)[] = [];
  let begun = 0;
  using probe = createTestFunction(
    handlerOf('await Promise.all(Array.from({ length: 256 }, () => env.HOST.keys()));'),
    {
      limits: { cpuMs: 5_000 },
      host: () => {
        begun += 1;
        return new Promise((resolve) => held.push(() => resolve({ value: [] })));
      },
    },
  );
  const codes = Promise.all(Array.from({ length: 3 }, () => probe.code()));
  await until(() => begun === 512);
  await turns();
  probe.runner.cancel();
  assert.deepEqual(new Set(await codes), new Set(['HS_FUNCTION_CANCELLED']));
  for (const release of held.splice(0)) release();
  await turns();
  assert.equal(begun, 512);
});

test('Host calls that still wait when the time of their invocation is over are not carried out, which is logged', async () => {
  const clock = createManualClock();
  const held: (() => void)[] = [];
  let begun = 0;
  using probe = createTestFunction(handlerOf(LEAVES_FIVE), {
    clock,
    limits: { concurrency: 1_000, cpuMs: 5_000, timeoutMs: 1_000 },
    host: () => {
      begun += 1;
      return new Promise((resolve) => held.push(() => resolve({ value: 1 })));
    },
  });
  await Promise.all(Array.from({ length: 128 }, () => probe.text()));
  clock.advance(1_100);
  for (const release of held.splice(0)) release();
  await turns();
  assert.equal(begun, 512);
  assert.match(probe.logs[0]?.text ?? '', /^Host calls of an invocation that has replied were not begun/);
  // One line for each invocation with calls that waited: of the 103rd three had.
  assert.equal(probe.logs.length, 26);
});
