/** A KV binding as functions have it: in a real isolate, over a real server. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ErrorCode, KvBinding } from '../../src/core/index.ts';
import { createTestFunction, handlerOf, type TestFunction } from '../support/functions.ts';
import { createBucket, kvBinding, openBinding, untilConsumers } from '../support/kv.ts';
import { connectTo, startTestNats } from '../support/nats.ts';
import { CALM_LIMITS } from '../support/spec.ts';

const server = await startTestNats();
const nc = await connectTo(server);
after(async () => {
  await nc.close();
  await server[Symbol.asyncDispose]();
});

function functionWith(binding: KvBinding, body: string, limits: object = {}): TestFunction {
  return createTestFunction(handlerOf(body), {
    bindings: { STORE: binding },
    prepared: { STORE: openBinding(nc, binding).prepared },
    limits: { ...CALM_LIMITS, ...limits },
  });
}

test('Values go in as text, bytes and JSON, and entries say what they are', async () => {
  await createBucket(nc, 'values', { history: 5 });
  using probe = functionWith(
    kvBinding('values'),
    `
    const { STORE } = env;
    await STORE.put('k', 'ü');
    const first = await STORE.get('k');
    await STORE.put('k', new Uint8Array([0, 255, 10]));
    await STORE.put('k', new Uint16Array([258]).buffer);
    const at = await STORE.put('k', { a: [1, null] });
    await STORE.delete('k', { revision: at });
    const history = await STORE.history('k');
    const old = await STORE.get('k', { revision: at });
    const none = [await STORE.get('k'), await STORE.history('none')];
    await STORE.purge('k');
    return {
      first: [first.key, first.text(), first.operation, first.created instanceof Date],
      history: history.map((one) => [one.key, one.operation, [...one.value], one.revision - first.revision]),
      old: old.json(),
      none,
      left: (await STORE.history('k')).map((one) => one.operation),
    };`,
  );
  assert.deepEqual(JSON.parse(await probe.text()), {
    first: ['k', 'ü', 'PUT', true],
    history: [
      ['k', 'PUT', [195, 188], 0],
      ['k', 'PUT', [0, 255, 10], 1],
      ['k', 'PUT', [2, 1], 2],
      ['k', 'PUT', [...Buffer.from('{"a":[1,null]}')], 3],
      ['k', 'DEL', [], 4],
    ],
    old: { a: [1, null] },
    none: [null, []],
    left: ['PURGE'],
  });
});

test('A function iterates over the changes of a bucket, and may stop', async () => {
  await createBucket(nc, 'iterated', { history: 5 });
  using probe = functionWith(
    kvBinding('iterated', { keys: 't.*' }),
    `
    const { STORE } = env;
    await STORE.put('t.a', '1');
    await STORE.put('t.a', { n: 2 });
    const seen = [];
    let writes = 0;
    for await (const entry of STORE.watch('t.*')) {
      seen.push([entry.key, entry.operation, entry.text(), entry.isUpdate]);
      if (seen.length === 4) break;
      await (++writes === 2 ? STORE.delete('t.b') : STORE.put('t.b', 'x' + writes));
    }
    const all = [];
    for await (const entry of STORE.watch(undefined, { include: 'history', ignoreDeletes: true })) {
      all.push(entry.text());
      if (all.length === 4) break;
    }
    return { seen, all };`,
  );
  assert.deepEqual(JSON.parse(await probe.text()), {
    seen: [
      ['t.a', 'PUT', '{"n":2}', false],
      ['t.b', 'PUT', 'x1', true],
      ['t.b', 'DEL', '', true],
      ['t.b', 'PUT', 'x3', true],
    ],
    all: ['1', '{"n":2}', 'x1', 'x3'],
  });
  await untilConsumers(nc, 'iterated', 0);
});

test('However a function leaves a watch, its consumer is gone', { timeout: 60_000 }, async () => {
  await createBucket(nc, 'left');
  const openOne = "const watch = env.STORE.watch('>'); await env.STORE.put('k', '1'); await watch.next();";
  const ways: readonly (readonly [string, string, ErrorCode | undefined])[] = [
    ['by a break', "for await (const entry of env.STORE.watch()) break; return '';", undefined],
    [
      'by an error in the loop',
      "for await (const entry of env.STORE.watch()) throw new Error('x');",
      'HS_FUNCTION_THREW',
    ],
    ['by return()', `${openOne} await watch.return(); return '';`, undefined],
    ['by returning with it open', `${openOne} return '';`, undefined],
    ['by an error with it open', `${openOne} throw new Error('x');`, 'HS_FUNCTION_THREW'],
    ['without waiting for it to open', "env.STORE.watch(); return '';", undefined],
    ['by a time-out while it waits', `${openOne} await watch.next();`, 'HS_FUNCTION_TIMEOUT'],
    ['with many open', `${openOne} for (let n = 0; n < 8; n += 1) env.STORE.watch(); return '';`, undefined],
  ];
  for (const [way, body, code] of ways) {
    await openBinding(nc, kvBinding('left')).call('put', ['k'], '0');
    using probe = functionWith(kvBinding('left'), body, { timeoutMs: 1_500 });
    const answer = await probe.call();
    assert.equal(
      answer.ok ? undefined : answer.error.code,
      code,
      `${way}: ${answer.ok ? '' : answer.error.message}`,
    );
    await untilConsumers(nc, 'left', 0);
  }
});

test('A watch that is refused, and each failure of a call, has a code that the function may catch', async () => {
  await createBucket(nc, 'caught', { maxValueSize: 100, max_bytes: 3_000 });
  const codeOf = (call: string): string =>
    `await (async () => { try { ${call}; return 'none' } catch (e) { return [e instanceof HostError, e.code, e.retryable] } })()`;
  const calls = [
    "for await (const one of env.STORE.watch('u.>')) break",
    "for await (const one of env.STORE.watch('a b')) break",
    "await env.STORE.put('t.k', 'x'.repeat(200))",
    "await env.STORE.update('t.k', 'x', 1234)",
    "await env.STORE.put('t.k', 'x', { ttlMs: 5000 })",
    "await env.STORE.put('t.k', 'x', { ttlMs: 'soon' })",
    "await env.STORE.get('t.k', { revision: NaN })",
    "await env.STORE.purge('u.k')",
    "for (let n = 0; ; n += 1) await env.STORE.put('t.k' + n, 'x'.repeat(99))",
  ];
  using probe = functionWith(
    kvBinding('caught', { keys: 't.*' }),
    `return [${calls.map(codeOf).join(', ')}];`,
  );
  assert.deepEqual(JSON.parse(await probe.text()), [
    [true, 'HS_BINDING_DENIED', false],
    [true, 'HS_KV_KEY_INVALID', false],
    [true, 'HS_KV_VALUE_TOO_LARGE', false],
    [true, 'HS_KV_REVISION_CONFLICT', true],
    [true, 'HS_KV_UNSUPPORTED', false],
    [true, 'HS_HOST_CALL_INVALID', false],
    [true, 'HS_HOST_CALL_INVALID', false],
    [true, 'HS_BINDING_DENIED', false],
    [true, 'HS_KV_BUCKET_FULL', true],
  ]);
});

test('Hostile arguments are refused or made text, and do no harm to the next call', async () => {
  await createBucket(nc, 'hostile');
  using probe = functionWith(
    kvBinding('hostile'),
    `
    const { STORE } = env;
    const odd = [null, undefined, 5, {}, [], Symbol('x'), 10n, () => 1, NaN, { toString() { throw new Error('mine') } },
      { toJSON() { return 'k' } }, new Proxy({}, {}), '\\ud800', 'a'.repeat(1e5)];
    const outcomes = new Set();
    for (const value of odd)
      for (const call of [
        () => STORE.get(value), () => STORE.get('k', { revision: value ?? 'x' }), () => STORE.history(value),
        () => STORE.watch(value ?? '').return(), () => STORE.watch('k', { include: value ?? 'x' }).return(),
        () => STORE.put(value, 'v'), () => STORE.put('k', 'v', { ttlMs: value ?? 'x' }),
        () => STORE.update('k', 'v', value), () => STORE.purge(value), () => STORE.delete('k', { revision: value ?? 'x' }),
        () => STORE.keys(value ?? '*'),
      ])
        try { await call(); outcomes.add('done'); } catch (error) { outcomes.add(error.code ?? error.constructor.name); }
    const stored = await STORE.put('after', 'still here');
    return { outcomes: [...outcomes].sort(), keys: await STORE.keys(), works: stored > 0 };`,
    { timeoutMs: 20_000 },
  );
  const { outcomes, keys, works } = JSON.parse(await probe.text()) as {
    readonly outcomes: readonly string[];
    readonly keys: readonly string[];
    readonly works: boolean;
  };
  const allowed = [
    'Error',
    'HS_HOST_CALL_INVALID',
    'HS_KV_KEY_INVALID',
    'HS_KV_REVISION_CONFLICT',
    'TypeError',
    'done',
  ];
  assert.deepEqual(
    outcomes.filter((one) => !allowed.includes(one)),
    [],
  );
  assert.ok(outcomes.includes('HS_KV_KEY_INVALID') && outcomes.includes('HS_HOST_CALL_INVALID'));
  assert.equal(works, true);
  assert.deepEqual(keys, ['after']);
  await untilConsumers(nc, 'hostile', 0);
});

test('A watch that one invocation begins is read by another that waits for it, though the first has ended', async () => {
  await createBucket(nc, 'shared');
  const binding = kvBinding('shared');
  using probe = createTestFunction(
    handlerOf(
      `first ??= env.STORE.watch().next();
      if (msg.params.key === 'starter') return 'started';
      const { value } = await first;
      return value.text();`,
      'let first;',
    ),
    {
      bindings: { STORE: binding },
      prepared: { STORE: openBinding(nc, binding).prepared },
      limits: CALM_LIMITS,
    },
  );
  const started = probe.text({ subject: 'probe.starter' });
  const read = probe.text({ subject: 'probe.reader' });
  assert.equal(await started, 'started');
  await openBinding(nc, binding).call('put', ['k'], 'value');
  assert.equal(await read, 'value');
  await untilConsumers(nc, 'shared', 0);
});
