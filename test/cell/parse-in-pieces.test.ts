import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { parseInPieces } from '../../src/cell/parse-in-pieces.ts';

interface Recipe {
  readonly parts: readonly string[];
  readonly shift: number;
}

const recipe = fc.record<Recipe>({
  parts: fc.array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\\', '"', '\\"', '\u{1f600}', '\ud83d', '\n', '\u0001'),
    ),
    { minLength: 1, maxLength: 8 },
  ),
  shift: fc.integer({ min: 0, max: 7 }),
});

/** Text of some hundred KiB whose pieces end in the middle of whatever it is made of. */
function cook({ parts, shift }: Recipe): string {
  const unit = parts.join('') || '.';
  return 'x'.repeat(shift) + unit.repeat(Math.ceil(600_000 / unit.length));
}

test('What is read in pieces is what JSON.parse makes of it at once', async () => {
  await fc.assert(
    fc.asyncProperty(recipe, recipe, fc.jsonValue(), async (code, map, other) => {
      const value = {
        format: 1,
        code: cook(code),
        other,
        files: { 'a/"b"': cook(map), short: 'text' },
        map: cook(map),
      };
      const text = Buffer.from(JSON.stringify(value));
      const isSame = isDeepStrictEqual(await parseInPieces(text), JSON.parse(text.toString('utf8')));
      assert.equal(isSame, true);
    }),
    { numRuns: 20 },
  );
});

test('A long string of nothing but escapes is read, and a short text is one piece', async () => {
  for (const value of ['\\'.repeat(700_000), '"'.repeat(700_000), '\u0001'.repeat(200_000), '', { a: ['b'] }])
    assert.ok(isDeepStrictEqual(await parseInPieces(Buffer.from(JSON.stringify(value))), value));
});

test('The event loop turns while a large text is read', async () => {
  const text = Buffer.from(JSON.stringify({ code: 'const a = "b"; // c\n'.repeat(400_000) }));
  let turns = 0;
  let reading = true;
  const count = (): void => {
    turns += 1;
    if (reading) setImmediate(count);
  };
  setImmediate(count);
  await parseInPieces(text);
  reading = false;
  assert.ok(turns > 20, `${turns} turns`);
});
