import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ArtifactReader, artifactFile } from '../../src/cell/artifact-reader.ts';
import { CodeStore } from '../../src/cell/code-store.ts';
import {
  decodeCodeCache,
  encodeCodeCache,
  type FunctionSpec,
  HairspringError,
  HOST_LIMITS,
} from '../../src/core/index.ts';
import { digestOf, encodeArtifact } from '../../src/host/bundle/index.ts';
import { type CodeCache, codeCacheTag, FunctionRunner, scriptOf } from '../../src/runtime/index.ts';
import {
  callRunner,
  createTestFunction,
  createTestPool,
  loadIsolate,
  moduleOf,
  textOf,
} from '../support/functions.ts';
import { createSpec } from '../support/spec.ts';
import { until } from '../support/turns.ts';

const dir = mkdtempSync(join(tmpdir(), 'hairspring-code-'));
after(() => rmSync(dir, { recursive: true }));

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const cacheFile = (spec: FunctionSpec): string => join(dir, `${spec.artifact.digest}.cache`);

/** A module with functions that its top level calls. */
function sourceOf(name: string): string {
  const steps = Array.from({ length: 50 }, (_, index) => `function f${index}(a) { return a + ${index}; }`);
  return moduleOf(`{ message() { return '${name}'; } }`, `${steps.join('\n')}\nlet sum = f1(f2(f3(1)));`);
}

/** Puts an artifact where cells read it, with the code cache that V8 makes of it. */
function store(name: string): {
  readonly spec: FunctionSpec;
  readonly code: string;
  readonly cache: Uint8Array;
} {
  const code = sourceOf(name);
  const bytes = encodeArtifact({ format: 1, type: 'javascript', code, map: '' });
  const spec = { ...createSpec({ name }), artifact: { digest: digestOf(bytes), bytes: bytes.length } };
  writeFileSync(artifactFile(dir, spec.artifact.digest), bytes);
  using pool = createTestPool();
  using isolate = loadIsolate(pool, code, { name });
  const cache = isolate.codeCache(code, `${name}.js`);
  assert.ok(cache !== undefined);
  writeFileSync(
    cacheFile(spec),
    encodeCodeCache({ tag: codeCacheTag(), bytes: cache }, spec.artifact.digest, sha256),
  );
  return { spec, code, cache };
}

function createStore(limitBytes: number = HOST_LIMITS.codeMemoryBytes): CodeStore {
  return new CodeStore(new ArtifactReader(dir), dir, { limitBytes });
}

/** Loads `code` with `cache` in a fresh isolate, as a wake does. */
function loads(spec: FunctionSpec, code: string, cache: CodeCache | undefined): readonly string[] {
  using pool = createTestPool();
  using isolate = pool.create(spec.limits);
  return isolate.load(scriptOf(code, `${spec.name}.js`, cache), { ...spec, bindings: {}, budgetMs: 5 });
}

test('A function is loaded with the code cache that lies beside its artifact, and V8 takes it for that code only', () => {
  const { spec, code, cache } = store('whole');
  const codes = createStore();
  assert.equal(codes.cache(spec), undefined);
  assert.equal(codes.code(spec), code);
  const found = codes.cache(spec);
  assert.equal(found?.byteLength, cache.length);
  assert.deepEqual(loads(spec, code, found), ['message']);
  assert.equal(found?.rejected, false);
  assert.deepEqual(loads(spec, `${code} `, found), ['message']);
  assert.equal(found?.rejected, true);
});

test('A code cache has what the top level has run, so that it is larger than one of a script that never ran', () => {
  const { code, cache } = store('run');
  using pool = createTestPool();
  using blank = loadIsolate(pool, moduleOf('{}'));
  const early = blank.codeCache(code, 'other.js');
  assert.ok(early !== undefined && early.length < cache.length, `${early?.length} and ${cache.length}`);
});

test('A cache that is altered, cut, of other code or of another V8 is not used, and the function works', () => {
  const { spec, code, cache } = store('altered');
  const { digest } = spec.artifact;
  const whole = new Uint8Array(readFileSync(cacheFile(spec)));
  const flipped = (at: number): Uint8Array => whole.map((byte, index) => (index === at ? byte ^ 1 : byte));
  const files: Readonly<Record<string, Uint8Array>> = {
    'altered in the cache': flipped(whole.length - 100),
    'altered in the hash': flipped(10),
    'altered in the tag': flipped(40),
    'altered in the magic': flipped(0),
    cut: whole.subarray(0, whole.length - 1),
    'longer by a byte': new Uint8Array([...whole, 0]),
    empty: new Uint8Array(0),
    'the head only': whole.subarray(0, 40),
    'of another artifact': encodeCodeCache({ tag: codeCacheTag(), bytes: cache }, 'f'.repeat(64), sha256),
    'of another V8': encodeCodeCache({ tag: 'x64-1.2.3-4', bytes: cache }, digest, sha256),
    'without bytes': encodeCodeCache({ tag: codeCacheTag(), bytes: new Uint8Array(0) }, digest, sha256),
  };
  for (const [what, bytes] of Object.entries(files)) {
    writeFileSync(cacheFile(spec), bytes);
    const codes = createStore();
    assert.equal(codes.code(spec), code, what);
    assert.equal(codes.cache(spec), undefined, what);
  }
  rmSync(cacheFile(spec));
  const codes = createStore();
  assert.equal(codes.code(spec), code);
  assert.equal(codes.cache(spec), undefined);
  assert.deepEqual(loads(spec, code, undefined), ['message']);
});

test('A file of a code cache is read back as it was written', () => {
  const bytes = Uint8Array.from([1, 2, 3]);
  const file = encodeCodeCache({ tag: 'tag', bytes }, 'ab'.repeat(32), sha256);
  assert.deepEqual(decodeCodeCache(file, 'tag', 'ab'.repeat(32), sha256), bytes);
});

test('What was used last is kept within the limit, and what is not there is read again', () => {
  const names = ['one', 'two', 'three'];
  const stored = names.map((name) => store(name));
  const [one, two, three] = stored;
  assert.ok(one && two && three);
  const each = one.code.length + one.cache.length;
  const codes = createStore(2.5 * each);
  for (const { spec } of [one, two, one, three]) codes.code(spec);
  assert.deepEqual(
    [one, two, three].map(({ spec }) => codes.cache(spec) !== undefined),
    [true, false, true],
  );
  assert.ok(codes.bytes <= 2.5 * each);
  assert.equal(codes.code(two.spec), two.code);
});

test('Code is read ahead while there is room, and a missing artifact stops nothing', async () => {
  const [first, second] = ['ahead-1', 'ahead-2'].map((name) => store(name));
  assert.ok(first && second);
  const missing = createSpec({ name: 'missing' });
  const codes = createStore();
  codes.preload([first.spec, missing, second.spec]);
  assert.equal(codes.bytes, 0);
  await until(() => codes.cache(second.spec) !== undefined);
  assert.ok(codes.cache(first.spec) !== undefined);
  const full = createStore(first.spec.artifact.bytes);
  full.preload([first.spec]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(full.bytes, 0);
});

test('A function that was deployed elsewhere is woken without a cache once, and then with one made here', async () => {
  const { spec, code } = store('elsewhere');
  rmSync(cacheFile(spec));
  const codes = createStore();
  using probe = createTestFunction(code);
  const runner = new FunctionRunner({ ...spec, limits: probe.runner.spec.limits }, new Map(), {
    ...probe.dependencies,
    readCode: codes.code,
    readCache: codes.cache,
    keepCache: codes.learn,
  });
  assert.equal(textOf(await callRunner(runner)), 'elsewhere');
  assert.equal(codes.cache(spec), undefined);
  runner.tend(0);
  const made = codes.cache(spec);
  assert.ok(made !== undefined && made.byteLength > 0);
  assert.ok(runner.evict());
  assert.equal(textOf(await callRunner(runner)), 'elsewhere');
  assert.equal(made.rejected, false);
  runner.tend(0);
  assert.equal(codes.cache(spec), made);
  assert.equal(made.hasHandlers, true);
  runner.dispose(new HairspringError('HS_DRAINING', 'The test is over'));
});

test('A cell that tries a function out finds its code cache when it serves it later', () => {
  const { spec, code } = store('tried');
  const whole = readFileSync(cacheFile(spec));
  rmSync(cacheFile(spec));
  const codes = createStore();
  assert.equal(codes.codeOnce(spec), code);
  assert.equal(codes.bytes, 0);
  writeFileSync(cacheFile(spec), whole);
  assert.equal(codes.code(spec), code);
  assert.ok(codes.cache(spec) !== undefined);
});

test('Code that is given up takes no memory any more, and is read again when it is needed', () => {
  const { spec, code } = store('given-up');
  const codes = createStore();
  codes.code(spec);
  assert.ok(codes.bytes > code.length);
  codes.forget(spec);
  assert.equal(codes.bytes, 0);
  codes.forget(spec);
  assert.equal(codes.bytes, 0);
  assert.equal(codes.code(spec), code);
});

test('The code cache of a short script has what nobody has called yet, that of a long one has not', () => {
  const cacheOf = (code: string, eagerly: boolean): number => {
    using pool = createTestPool();
    using isolate = pool.create({ memoryBytes: 64 * 1024 ** 2 });
    if (eagerly) isolate.compileEagerly(code, 'some.js');
    isolate.load(scriptOf(code, 'some.js'), { ...createSpec({ name: 'some' }), bindings: {}, budgetMs: 5 });
    return isolate.codeCache(code, 'some.js')?.length ?? 0;
  };
  const short = sourceOf('short');
  assert.ok(cacheOf(short, true) > cacheOf(short, false));
  const long = `${short}\n//${' '.repeat(16 * 1024)}`;
  assert.equal(cacheOf(long, true), cacheOf(long, false));
});

test('What does not compile eagerly is an error only when it is loaded', () => {
  using pool = createTestPool();
  using isolate = pool.create({ memoryBytes: 64 * 1024 ** 2 });
  isolate.compileEagerly('export default {', 'bad.js');
  assert.throws(
    () =>
      isolate.load(scriptOf('export default {', 'bad.js'), {
        ...createSpec({ name: 'bad' }),
        bindings: {},
        budgetMs: 5,
      }),
    { code: 'HS_FUNCTION_LOAD' },
  );
});
