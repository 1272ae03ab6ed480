/** Memory that V8's heap limit does not see: a function may have no more of it than of its heap. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction, handlerOf } from '../support/functions.ts';

const MIB = 1024 ** 2;
const LIMIT = { limits: { memoryBytes: 16 * MIB, cpuMs: 5_000 } };

/** Makes things until the first error, and says how many bytes they were and what the error was. */
function hoard(what: string, make: string): string {
  return handlerOf(`
    const kept = [];
    let bytes = 0;
    try {
      for (; bytes < 256 * ${MIB}; bytes += ${MIB}) kept.push(${make});
    } catch (error) {
      return [bytes / ${MIB}, error instanceof RangeError];
    }
    return [bytes / ${MIB}, '${what} are not bounded'];`);
}

const HOARDS: Readonly<Record<string, string>> = {
  'Resizable buffers': `new ArrayBuffer(8, { maxByteLength: ${MIB} })`,
  'Resizable buffers that were transferred': `new ArrayBuffer(8, { maxByteLength: ${MIB} }).transfer()`,
  'Resizable buffers of the own class': `new (class extends ArrayBuffer {})(8, { maxByteLength: ${MIB} })`,
  'Resizable buffers of the constructor of another': `new (new Uint8Array(1).buffer.constructor)(8, { maxByteLength: ${MIB} })`,
  'Number formats': `Array.from({ length: 32 }, () => new Intl.NumberFormat('ar'))`,
  'Date formats': `Array.from({ length: 16 }, () => new Intl.DateTimeFormat.prototype.constructor('de'))`,
  'Results of a segmenter': `(globalThis.segmenter ??= new Intl.Segmenter('en')).segment((globalThis.text ??= 'x'.repeat(${MIB / 2})))`,
};

for (const [what, make] of Object.entries(HOARDS)) {
  test(`${what} are refused like any buffer when the memory limit is reached`, async () => {
    using probe = createTestFunction(hoard(what, make), LIMIT);
    const [mib, refused] = JSON.parse(await probe.text()) as [number, unknown];
    assert.equal(refused, true);
    assert.ok(mib > 2 && mib < 40, `${mib} MiB`);
  });
}

test('Iterators of a segmenter, which copy its text, are counted too', async () => {
  using probe = createTestFunction(
    handlerOf(`
      const segments = new Intl.Segmenter('en').segment('x'.repeat(${MIB / 2}));
      const kept = [];
      try { for (let index = 0; index < 200; index += 1) kept.push(segments[Symbol.iterator]()); }
      catch (error) { return [kept.length, error instanceof RangeError]; }
      return [kept.length, false];`),
    LIMIT,
  );
  const [count, refused] = JSON.parse(await probe.text()) as [number, boolean];
  assert.equal(refused, true);
  assert.ok(count < 40, `${count} iterators`);
});

test('Intl objects are weighed whatever a function has made of arrays before it asks for Intl', async () => {
  using probe = createTestFunction(
    handlerOf(`
      const iterate = Array.prototype[Symbol.iterator];
      Array.prototype[Symbol.iterator] = function* () {};
      const { DateTimeFormat } = Intl;
      Array.prototype[Symbol.iterator] = iterate;
      const kept = [];
      try { for (let index = 0; index < 1_000; index += 1) kept.push(new DateTimeFormat('de')); }
      catch (error) { return [kept.length, error instanceof RangeError]; }
      return [kept.length, false];`),
    LIMIT,
  );
  const [count, refused] = JSON.parse(await probe.text()) as [number, boolean];
  assert.equal(refused, true);
  assert.ok(count < 600, `${count} date formats`);
});

test('Intl has no constructor whose objects nobody weighs', async () => {
  using probe = createTestFunction(
    handlerOf(
      'return Object.getOwnPropertyNames(Intl).filter((name) => Intl[name].prototype !== undefined).sort();',
    ),
  );
  assert.deepEqual(JSON.parse(await probe.text()), [
    ...['Collator', 'DateTimeFormat', 'DisplayNames', 'DurationFormat', 'ListFormat', 'Locale'],
    ...['NumberFormat', 'PluralRules', 'RelativeTimeFormat', 'Segmenter'],
  ]);
});

test('What is let go of may be had again', async () => {
  using probe = createTestFunction(
    handlerOf(`
      for (let index = 0; index < 60; index += 1) {
        const buffer = new ArrayBuffer(8, { maxByteLength: ${MIB} });
        buffer.resize(${MIB / 2});
        new Uint8Array(buffer)[index] = 1;
        await null;
      }
      return 'done';`),
    LIMIT,
  );
  assert.equal(await probe.text(), 'done');
});

test('Buffers and Intl objects are what they are elsewhere', async () => {
  using probe = createTestFunction(
    handlerOf(`
      const buffer = new ArrayBuffer(4, { maxByteLength: 8 });
      buffer.resize(8);
      class Own extends ArrayBuffer {}
      const own = new Own(3);
      const moved = buffer.transfer();
      let called;
      try { ArrayBuffer(1); } catch (error) { called = error instanceof TypeError; }
      return [
        buffer.detached, moved.resizable, moved.byteLength, moved.maxByteLength, own instanceof Own, own.byteLength,
        new ArrayBuffer(2).resizable, ArrayBuffer.name, ArrayBuffer.length, ArrayBuffer.isView(new Uint8Array(1)),
        new ArrayBuffer(1).constructor === ArrayBuffer, called, new Uint8Array(2).buffer instanceof ArrayBuffer,
        new Intl.NumberFormat('de').format(1.5), Intl.NumberFormat('de').format(2.5), Intl.NumberFormat.name,
        new Intl.NumberFormat('de') instanceof Intl.NumberFormat, Intl.Collator.supportedLocalesOf('de').length,
        [...new Intl.Segmenter('en', { granularity: 'word' }).segment('a b')].length, typeof Intl.getCanonicalLocales,
      ];`),
  );
  assert.deepEqual(JSON.parse(await probe.text()), [
    ...[true, true, 8, 8, true, 3],
    ...[false, 'ArrayBuffer', 1, true],
    ...[true, true, true],
    ...['1,5', '2,5', 'NumberFormat'],
    ...[true, 1],
    ...[3, 'function'],
  ]);
});

test('A result for whose value there is no memory is a RangeError in the function, and costs no neighbour', async () => {
  let release = (): void => undefined;
  using probe = createTestFunction(
    handlerOf(`
      if (msg.text() === 'stays') return await env.HOST.keys();
      globalThis.kept = new Uint8Array(6 * ${MIB}).fill(1);
      try { return (await env.HOST.history('k')).length; } catch (error) { return error instanceof RangeError; }`),
    {
      ...LIMIT,
      host: ({ op }) =>
        op === 'history'
          ? Promise.resolve({ value: [[1, 1, 'PUT', 6 * MIB]], data: Buffer.alloc(6 * MIB, 0xff) })
          : new Promise((resolve) => {
              release = () => resolve({ value: ['a'] });
            }),
    },
  );
  const stays = probe.text({ data: 'stays' });
  assert.equal(await probe.text(), 'true');
  release();
  assert.equal(await stays, '["a"]');
});

test('A message or a result for which an instance has no memory ends it with HS_FUNCTION_MEMORY', async () => {
  using probe = createTestFunction(
    handlerOf(`
      if (msg.data.length > 0) return 'unseen';
      globalThis.kept = new Uint8Array(12 * ${MIB}).fill(1);
      return (await env.HOST.get('k')).value.length;`),
    {
      limits: { ...LIMIT.limits, payloadBytes: 32 * MIB },
      host: async () => ({ value: [1, 1], data: Buffer.alloc(8 * MIB, 0xff) }),
    },
  );
  assert.equal(await probe.code(), 'HS_FUNCTION_MEMORY');
  assert.equal(await probe.code({ data: Buffer.alloc(20 * MIB, 0xff) }), 'HS_FUNCTION_MEMORY');
});
