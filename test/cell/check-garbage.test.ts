import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { createContext, runInContext } from 'node:vm';
import { createChecker } from '../../src/cell/check-function.ts';
import { createCollector } from '../../src/cell/garbage-collector.ts';
import { codeCacheTag } from '../../src/runtime/index.ts';
import { createTestPool, loadIsolate, moduleOf } from '../support/functions.ts';
import { createSpec } from '../support/spec.ts';

const pool = createTestPool();
after(() => pool[Symbol.dispose]());

test('The collector is the cell’s alone, and asking for it leaves the flags of V8 as they were', () => {
  const tag = codeCacheTag();
  const collect = createCollector();
  assert.equal(codeCacheTag(), tag);
  assert.equal(runInContext('typeof gc', createContext()), 'undefined');
  const isolate = loadIsolate(pool, moduleOf('{ message: () => typeof gc }'));
  isolate[Symbol.dispose]();
  assert.throws(() => loadIsolate(pool, 'gc();'), /gc is not defined/);
  let garbage: object | undefined = { large: new Array(1_000).fill(0) };
  const seen = new WeakRef(garbage);
  garbage = undefined;
  return new Promise<void>((resolve) =>
    // What a WeakRef was asked for lives until the turn ends.
    setImmediate(() => {
      collect();
      assert.equal(seen.deref(), undefined);
      resolve();
    }),
  );
});

test('A cell that checks many functions frees what they leave', async () => {
  const kept: object[] = [];
  const check = createChecker({
    codes: {
      codeOnce: () => {
        // Old by the time that nobody has it any more, as what is held by native memory is.
        kept.push(new Array(20_000).fill(kept.length));
        if (kept.length > 100) kept.length = 0;
        return 'var __hairspring_module = { default: { message: () => 1 } };';
      },
    } as never,
    pool,
    stacks: { located: (_spec: unknown, error: unknown) => error } as never,
  });
  const usedMiB = (): number => getHeapStatistics().used_heap_size / 1024 ** 2;
  const before = usedMiB();
  for (let count = 0; count < 128; count += 1) {
    assert.deepEqual(check({ spec: createSpec() }).handlers, ['message']);
    await new Promise((resolve) => setImmediate(resolve));
  }
  kept.length = 0;
  for (let count = 0; count < 64; count += 1) {
    check({ spec: createSpec() });
    kept.length = 0;
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(usedMiB() < before + 3, `${usedMiB() - before} MiB more`);
});
