/** V8 calls finalizers and looks at heaps on its own account: no code of a function may hold a thread there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGuestScripts } from '../../src/hostservices/index.ts';
import { BatchEncoder, buildPrelude, EntryGuard, HeavyLane, IsolatePool } from '../../src/runtime/index.ts';
import {
  createTestFunction,
  handlerOf,
  loadIsolate,
  type TestFunctionOptions,
} from '../support/functions.ts';

const HEAVY: TestFunctionOptions = { inlineCpuMs: 50, limits: { cpuMs: 300, timeoutMs: 5_000 } };

/** Registers what nobody holds, and makes V8 collect it. */
const LEAVE = `for (let index = 0; index < 2_000; index += 1) registry.register({ index }, 'held');
  for (let index = 0; index < 100; index += 1) new Array(100_000).fill(index);`;

const LOOPS: Readonly<Record<string, string>> = {
  'a finalizer': 'const registry = new FinalizationRegistry(() => { for (;;); });',
  'a finalizer of a registry of its own class':
    'class Own extends FinalizationRegistry {}; const registry = new Own(() => { for (;;); });',
  'a finalizer of a registry that another one gave the constructor of': `
    const Found = new FinalizationRegistry(() => {}).constructor;
    const registry = Reflect.construct(Found, [() => { for (;;); }]);`,
  'a microtask of a finalizer':
    'const registry = new FinalizationRegistry(async () => { for (;;) await null; });',
  'setters that noting a finalizer may meet': `
    const registry = new FinalizationRegistry(() => {});
    for (const name of ['action', 'held', 'next', '0'])
      Object.defineProperty(Object.prototype, name, { set() { for (;;); }, get() { return undefined; } });`,
};

for (const [what, topLevel] of Object.entries(LOOPS)) {
  test(`The heavy lane serves the others while a function loops in ${what}`, async () => {
    const heavyLane = new HeavyLane(1);
    using hostile = createTestFunction(handlerOf(`${LEAVE} return 'left'`, topLevel), {
      ...HEAVY,
      heavyLane,
    });
    using other = createTestFunction(handlerOf('return "free"'), { ...HEAVY, heavyLane });
    for (let call = 0; call < 3; call += 1) {
      await hostile.call();
      const askedMs = performance.now();
      assert.equal(await other.text(), 'free');
      const tookMs = performance.now() - askedMs;
      // A look that has to be ended takes a second.
      assert.ok(tookMs < 900, `the other waited for ${tookMs} ms`);
    }
  });
}

test('Finalizers are called in later entries, with what they were registered with, and may throw', async () => {
  using probe = createTestFunction(
    handlerOf(
      `${LEAVE} return [counts, registry instanceof FinalizationRegistry, String(registry), FinalizationRegistry.length];`,
      `const counts = { held: 0, thrown: 0 };
      const registry = new FinalizationRegistry((text) => {
        counts[text] += 1;
        if (counts.thrown === 0) { counts.thrown += 1; throw new TypeError('of a finalizer'); }
      });`,
    ),
    HEAVY,
  );
  let counts = { held: 0, thrown: 0 };
  for (let call = 0; call < 20 && counts.held < 100; call += 1) {
    const [first, ...rest] = JSON.parse(await probe.text());
    counts = first;
    assert.deepEqual(rest, [true, '[object FinalizationRegistry]', 1]);
  }
  assert.ok(counts.held >= 100, `${counts.held} were called`);
  assert.equal(probe.logs.filter(({ text }) => /^Uncaught .*of a finalizer/.test(text)).length, 1);
});

test('What is no function is no finalizer, and what was unregistered is not called', async () => {
  using probe = createTestFunction(
    handlerOf(
      `const token = {};
      for (let index = 0; index < 2_000; index += 1) registry.register({ index }, 'held', token);
      for (let index = 0; index < 100; index += 1) new Array(100_000).fill(index);
      registry.unregister(token);
      try { new FinalizationRegistry({}); } catch (error) { return [called, error.name]; }`,
      'let called = 0; const registry = new FinalizationRegistry(() => { called += 1; });',
    ),
    HEAVY,
  );
  for (let call = 0; call < 4; call += 1) assert.equal(await probe.text(), '[0,"TypeError"]');
});

test('A look at the heap is ended when something of V8 holds its thread', async () => {
  // Without what keeps the guest's code out of there, which is all that is known to hold it.
  const kept = "ObjectDefineProperty(globalThis, 'FinalizationRegistry', shape);";
  const whole = buildPrelude(readGuestScripts());
  const prelude = whole.replace(kept, '');
  assert.notEqual(prelude, whole);
  using pool = new IsolatePool({ prelude, guard: new EntryGuard(), spares: 0 });
  using isolate = loadIsolate(pool, handlerOf(`${LEAVE} return 'left'`, LOOPS['a finalizer']));
  const encoder = new BatchEncoder();
  encoder.invoke(1, 0, 'probe.a', true, 1_000, undefined, new Uint8Array(0));
  assert.equal((await isolate.runAway(1, encoder.take(), 2_000)).fault, undefined);
  assert.deepEqual(await isolate.measureAway(1), { kind: 'overrun' });
  assert.equal(isolate.disposed, true);
});
