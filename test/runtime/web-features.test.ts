import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateWebFeatures } from '../../scripts/generate-web-features.ts';
import { readGuestScripts } from '../../src/hostservices/index.ts';
import { BatchEncoder, buildPrelude, type GuestIsolate } from '../../src/runtime/index.ts';
import { openDoor } from '../../src/runtime/isolate/door.ts';
import { lateFeature } from '../../src/runtime/isolate/prelude.ts';
import { ROOT } from '../architecture/support/tree.ts';
import { createTestFunction, createTestPool, handlerOf, loadIsolate } from '../support/functions.ts';

async function evaluate(expression: string): Promise<unknown> {
  using probe = createTestFunction(handlerOf(`return JSON.stringify(await (${expression}))`));
  return JSON.parse((await probe.text()) || 'null');
}

test('The generated features are what their sources make', async () => {
  const generated = await generateWebFeatures();
  assert.ok(generated.size >= 2, `${generated.size} files are generated`);
  for (const [path, text] of generated) {
    assert.equal(
      readFileSync(join(ROOT, path), 'utf8'),
      text,
      `${path} is stale; run: node bin/with-node.js scripts/generate-web-features.ts`,
    );
  }
});

test('A feature is made when its name is first read, and its names are then ordinary properties', async () => {
  const seen = await evaluate(`(() => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'ReadableStream');
    const value = ReadableStream;
    const after = Object.getOwnPropertyDescriptor(globalThis, 'ReadableStream');
    return [typeof before.get, typeof value, after.value === value, after.writable, after.enumerable, after.configurable];
  })()`);
  assert.deepEqual(seen, ['function', 'function', true, true, false, true]);
});

test('A feature comes from the host when its name is first read, and replaces nothing of the function', async () => {
  const seen = await evaluate(`(() => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'FileReader');
    globalThis.ProgressEvent = 'mine';
    const reader = new FileReader();
    const after = Object.getOwnPropertyDescriptor(globalThis, 'FileReader');
    return [typeof before.get, reader.readyState, after.value === FileReader, after.enumerable, ProgressEvent];
  })()`);
  assert.deepEqual(seen, ['function', 0, true, false, 'mine']);
  assert.equal(await evaluate("new ProgressEvent('x', { loaded: 1, total: 2 }).loaded"), 1);
});

test('What one instance has used of a feature is compiled for those that come after it', () => {
  const pool = createTestPool();
  const run = (isolate: GuestIsolate): void => {
    const encoder = new BatchEncoder();
    encoder.invoke(1, 0, 'probe', true, 5_000, undefined, new Uint8Array(1));
    const { outputs, fault } = isolate.run(encoder.take(), 5_000);
    assert.equal(fault, undefined);
    assert.match(JSON.stringify(outputs), /it matches/);
  };
  const code = handlerOf(
    "return new URLPattern({ pathname: '/:a' }).test('http://a.test/b') ? 'it matches' : '';",
  );
  using first = loadIsolate(pool, code);
  assert.equal(first.hasUnlearned, false);
  run(first);
  assert.equal(first.hasUnlearned, true);
  first.teachFeatures();
  assert.equal(first.hasUnlearned, false);
  const cache = lateFeature('url-pattern')?.info.cachedData;
  assert.ok(cache !== undefined);
  using second = loadIsolate(pool, code);
  run(second);
  assert.equal(second.hasUnlearned, false);
});

test('A feature is made on a thread of the heavy lane as well', async () => {
  using isolate = loadIsolate(
    createTestPool(),
    handlerOf('return String(structuredClone(new Map([[1, 2]])).get(1));'),
  );
  const encoder = new BatchEncoder();
  encoder.invoke(1, 0, 'probe', true, 5_000, undefined, new Uint8Array(1));
  const { outputs, fault } = await isolate.runAway(1, encoder.take(), 5_000);
  assert.equal(fault, undefined);
  assert.match(JSON.stringify(outputs), /\\"2\\"/);
});

test('Promises of a function wait for the end of its code where it uses a feature, on any thread', async () => {
  const body = `return await new Promise((done) => {
    const order = [];
    const next = Promise.resolve();
    for (const use of [() => new URLPattern({}), () => new TextDecoder('gbk'), () => new FileReader()]) {
      next.then(() => order.push('later'));
      use();
      order.push('now');
    }
    setTimeout(() => done(order.join(' ')), 0);
  });`;
  for (const options of [{}, { inlineCpuMs: 50, limits: { cpuMs: 2_000 } }]) {
    using probe = createTestFunction(handlerOf(body), options);
    assert.equal(await probe.text(), 'now now now later later later');
  }
});

test('A function may put its own value in the place of a feature', async () => {
  assert.equal(await evaluate('(globalThis.ReadableStream = 7, ReadableStream)'), 7);
});

test('A stream of one function carries what was put in', async () => {
  const seen = await evaluate(`(async () => {
    const stream = new ReadableStream({ start(c) { c.enqueue('a'); c.enqueue('b'); c.close(); } });
    const upper = stream.pipeThrough(new TransformStream({ transform(chunk, c) { c.enqueue(chunk.toUpperCase()); } }));
    const all = [];
    for await (const chunk of upper) all.push(chunk);
    return all;
  })()`);
  assert.deepEqual(seen, ['A', 'B']);
});

test('The door answers what it does not take with undefined and never throws', () => {
  for (const args of [
    [undefined, undefined],
    ['__proto__', 1],
    ['constructor', 1],
    ['random', -1],
    ['random', 65_537],
    ['random', '16'],
    ['random', Number.NaN],
  ] as const) {
    assert.equal(openDoor(args[0], args[1], undefined, undefined), undefined, String(args));
  }
  const random = openDoor('random', 16, undefined, undefined);
  assert.ok(random instanceof ArrayBuffer && random.byteLength === 16);
});

test('The prelude is one byte a character, as every isolate has a copy of it', () => {
  const wide = [...buildPrelude(readGuestScripts())].filter((char) => char.charCodeAt(0) > 0xff);
  assert.deepEqual(wide, []);
});

test('The prelude has no lines of comments and no indentation', () => {
  const lines = buildPrelude(readGuestScripts()).split('\n');
  assert.deepEqual(
    lines.filter((line) => /^(?:\s|\/\/|\/\*\*[^/]*$)/.test(line)),
    [],
  );
});
