import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HairspringError } from '../../src/core/index.ts';
import { parseNexfile } from '../../src/host/manifest/index.ts';
import { failure, HEAD } from './support/nexfile.ts';

test('A Nexfile of thousands of unknown keys is refused in linear time', () => {
  const text = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n');
  assert.match(failure(text).message, /"k0" in the Nexfile/);
  assert.match(
    failure(`a: &a x\nb: [${'*a,'.repeat(50_000)}]`).message,
    /anchors are used more than 64 times/,
  );
});

test('No text throws anything but a HairspringError', () => {
  const pieces = fc.constantFrom(
    'name',
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a ',
    '*a',
    '!!',
    '|',
    '>',
    '#',
    '\t',
    '---',
    '...',
    '? ',
    '%',
    'start_request',
    'triggers',
    'subject',
    'bindings',
    'kv',
    'limits',
    'timeout',
    '5s',
    '1',
    '__proto__',
    'null',
    '<<',
  );
  const start = fc
    .array(pieces, { maxLength: 40 })
    .map((parts) => `${HEAD}  main: a.js\n  ${parts.join('')}`);
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
    start,
    fc.json(),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        parseNexfile(text, 'Nexfile');
      } catch (error) {
        assert.ok(HairspringError.is(error), `threw ${String(error)}`);
        assert.notEqual(error.code, 'HS_INTERNAL');
        assert.ok((error.position?.line ?? 0) >= 1);
      }
    }),
    { numRuns: 500 },
  );
});
