/** How a batch gets into an isolate: in parts that leave nothing behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toArguments } from '../../src/runtime/wire/arguments.ts';
import { MAX_EXTRAS } from '../../src/runtime/wire/batch.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';

test('Parts laid end to end are the text, whatever is in it, and what travels beside it follows', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 4_000 }),
      fc.array(fc.string(), { maxLength: 5 }),
      (json, extras) => {
        const [count, ...rest] = toArguments({ json, extras });
        assert.ok(typeof count === 'number');
        assert.equal(rest.slice(0, count).join(''), json);
        assert.deepEqual(rest.slice(count), extras);
      },
    ),
  );
});

test('Arguments stay fewer than isolated-vm takes everywhere', () => {
  const extras = Array.from({ length: MAX_EXTRAS }, () => '');
  for (const chars of [0, 511, 512, 76_650, 76_651, 10_000_000])
    assert.ok(toArguments({ json: 'x'.repeat(chars), extras }).length < 255, String(chars));
});

test('Messages of every size and script arrive as they were sent, many in one batch', async () => {
  using probe = createTestFunction(handlerOf('return msg.text()'), {
    limits: { concurrency: 500, queue: 500 },
  });
  const texts = Array.from(
    { length: 300 },
    (_, index) => `${index} ${['a', 'ü', '漢', '😀'][index % 4]?.repeat((index * 53) % 9_000)}`,
  );
  assert.deepEqual(await Promise.all(texts.map((data) => probe.text({ data }))), texts);
});
