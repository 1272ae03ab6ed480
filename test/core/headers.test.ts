import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  errorHeaderPairs,
  HairspringError,
  isReservedHeader,
  isSafeHeader,
  REPLY_HEADERS,
  toHeaderText,
} from '../../src/core/index.ts';

const awkward = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('\r', '\n', '\r\n', '\u0000', ':', ' ', 'Nats-', 'x', '\u2028', '\ud800', '𝄞'))
    .map((parts) => parts.join('')),
);

/** As a receiver splits a header block. */
function lines(text: string): number {
  return Buffer.from(text)
    .toString('latin1')
    .split(/[\r\n]/).length;
}

test('An error text becomes one line that is never empty and never long', () => {
  fc.assert(
    fc.property(awkward, (text) => {
      const line = toHeaderText(text);
      assert.equal(lines(line), 1);
      assert.doesNotMatch(line, /[^\t\u0020-\u007e\u0080-\uffff]/);
      assert.ok(line.length > 0 && line.length <= 513);
      assert.equal(toHeaderText(line), line);
    }),
    { numRuns: 2_000 },
  );
  assert.equal(toHeaderText('TypeError: a\r\nInjected: yes'), 'TypeError: a Injected: yes');
  assert.equal(toHeaderText('x'.repeat(5_000)).length, 513);
});

test('A header that is called safe is one line of name and value, whatever it is made of', () => {
  fc.assert(
    fc.property(awkward, awkward, (name, value) => {
      if (!isSafeHeader(name, value)) return;
      assert.equal(lines(`${name}: ${value}`), 1);
      assert.match(name, /^[^\s:]+$/);
      assert.ok(!Buffer.from(value).includes(0));
    }),
    { numRuns: 2_000 },
  );
});

test('Names with spaces, colons, line breaks or nothing in them are not safe', () => {
  for (const name of ['', ' ', 'a b', 'a:', 'a\r\nb', 'ä', 'a'.repeat(129)])
    assert.ok(!isSafeHeader(name, 'x'), name);
  for (const name of ['a', 'X-Trace-Id', "!#$%&'*+.^_`|~9"]) assert.ok(isSafeHeader(name, 'x'), name);
  for (const value of ['a\nb', 'a\rb', '\u0000', '\u007f'])
    assert.ok(!isSafeHeader('a', value), JSON.stringify(value));
  for (const value of ['', '\t', 'ü€𝄞', 'a: b']) assert.ok(isSafeHeader('a', value), JSON.stringify(value));
});

test('Headers that command JetStream or speak for the host are reserved in any case', () => {
  const names = [
    'Nats-Msg-Id',
    'Nats-Rollup',
    'Nats-Expected-Stream',
    'KV-Operation',
    ...Object.values(REPLY_HEADERS),
  ];
  for (const name of names)
    for (const written of [name, name.toLowerCase(), name.toUpperCase()])
      assert.ok(isReservedHeader(written), written);
  for (const name of ['Natsy', 'X-Nats-Id', 'Content-Type', 'errors', 'kv'])
    assert.ok(!isReservedHeader(name), name);
});

test('The headers of an error reply are safe whatever the message is', () => {
  fc.assert(
    fc.property(awkward, (message) => {
      const error = new HairspringError('HS_FUNCTION_THREW', message);
      const pairs = errorHeaderPairs({ workloadId: 'w', namespace: 'n' }, error);
      for (const [name, value] of pairs)
        assert.ok(isSafeHeader(name, value), `${name}: ${JSON.stringify(value)}`);
      assert.equal(new Map(pairs).get('Hairspring-Error'), 'HS_FUNCTION_THREW');
      assert.equal(new Map(pairs).get('Nats-Service-Error-Code'), '500');
    }),
    { numRuns: 500 },
  );
});
