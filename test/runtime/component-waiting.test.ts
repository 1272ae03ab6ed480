/** Components that wait: for host services, for clocks, and for ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Binding, HairspringError, type HostCall } from '../../src/core/index.ts';
import { compileComponent } from '../support/component/index.ts';
import { KV_GET, sleeper } from '../support/component-texts.ts';
import { createTestFunction } from '../support/functions.ts';

const KV: Binding = { service: 'kv', bucket: 'host', access: 'read-write', keys: '>', existing: true };
test('A component calls a host service in blocking style while others run', async () => {
  const seen: HostCall[] = [];
  const { promise: all, resolve: allSeen } = Promise.withResolvers<void>();
  using probe = createTestFunction(compileComponent(KV_GET, { bindings: { HOST: KV } }), {
    host: async (call) => {
      seen.push(call);
      if (seen.length === 3) allSeen();
      await all;
      return { value: [seen.length, 0], data: Buffer.from('value') };
    },
  });
  const answers = await Promise.all([probe.text(), probe.text(), probe.text()]);
  assert.deepEqual(answers, ['value', 'value', 'value']);
  assert.deepEqual(
    seen.map(({ op, args }) => [op, args]),
    Array.from({ length: 3 }, () => ['get', ['k']]),
  );
});

test('A refused host call is an error that the component can read', async () => {
  for (const [code, expected] of [
    ['HS_BINDING_DENIED', '1'],
    ['HS_KV_UNAVAILABLE', '2'],
  ] as const) {
    using probe = createTestFunction(compileComponent(KV_GET, { bindings: { HOST: KV } }), {
      host: () => Promise.reject(new HairspringError(code, 'Cannot get')),
    });
    assert.equal(await probe.text(), expected);
  }
});

test('A component that waits for ever ends with its deadline', async () => {
  using probe = createTestFunction(compileComponent(KV_GET, { bindings: { HOST: KV } }), {
    host: () => new Promise(() => undefined),
    limits: { timeoutMs: 80 },
  });
  assert.equal(await probe.code(), 'HS_FUNCTION_TIMEOUT');
});

test('A component that waits for a clock lets others run', async () => {
  using probe = createTestFunction(compileComponent(sleeper(200)));
  await probe.text();
  const started = performance.now();
  const ids = Array.from({ length: 20 }, (_, index) => `n${index}`);
  assert.deepEqual(await Promise.all(ids.map((data) => probe.text({ data }))), ids);
  const tookMs = performance.now() - started;
  assert.ok(tookMs >= 199 && tookMs < 20 * 200, `20 sleeps of 200 ms took ${tookMs} ms`);
});

const MEMORY_BYTES = 8 * 1024 ** 2;

test('A component whose invocations keep ending while it waits is given another isolate, which frees what they held', async () => {
  using probe = createTestFunction(compileComponent(sleeper(60_000)), {
    type: 'wasm',
    // Long enough for all of them to begin.
    limits: { timeoutMs: 1_000 },
  });
  const codes = await Promise.all(Array.from({ length: 40 }, () => probe.code()));
  assert.deepEqual([...new Set(codes)], ['HS_FUNCTION_TIMEOUT']);
  assert.equal(await probe.code(), 'HS_FUNCTION_TIMEOUT');
  assert.ok(probe.runner.stats().coldReasons.recycled >= 1, JSON.stringify(probe.runner.stats().coldReasons));
});

test('Instances that wait hold the limit of memory together; what ended while it waited holds nothing', async () => {
  // 16 pages each: eight of them are the limit.
  const text = { ...sleeper(60_000), memory: '16' };
  using probe = createTestFunction(compileComponent(text, { memoryBytes: MEMORY_BYTES }), {
    // Long enough for all of them to begin.
    limits: { memoryBytes: MEMORY_BYTES, timeoutMs: 800 },
  });
  await probe.call();
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all(Array.from({ length: 12 }, () => probe.code()));
    assert.deepEqual(answers.filter((code) => code === 'HS_FUNCTION_MEMORY').length, 4, `round ${round}`);
    assert.deepEqual(answers.filter((code) => code === 'HS_FUNCTION_TIMEOUT').length, 8, `round ${round}`);
  }
});

test('A handle that was dropped, or is of another type, ends the invocation', async () => {
  for (const handle of ['(i32.load (i32.const 20))', '(i32.const 7)', '(i32.const -1)']) {
    const body = KV_GET.body.replace(
      '(call $get (i32.load (i32.const 20))',
      `(call $drop (i32.load (i32.const 20))) (call $get ${handle}`,
    );
    using probe = createTestFunction(compileComponent({ ...KV_GET, body }, { bindings: { HOST: KV } }), {
      host: () => Promise.resolve({ value: null }),
    });
    assert.equal(await probe.code(), 'HS_FUNCTION_THREW');
  }
});
