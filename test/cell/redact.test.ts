import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedact } from '../../src/cell/secrets/redact.ts';

test('Values are taken out wherever they stand, and the rest stays', () => {
  const redact = createRedact({ KEY: 'sk-12345678' });
  assert.equal(redact?.('a sk-12345678 b sk-12345678'), 'a [secret KEY] b [secret KEY]');
  assert.equal(redact?.('sk-1234567 alone'), 'sk-1234567 alone');
  assert.equal(redact?.(''), '');
});

test('A value is found as JSON writes it, too', () => {
  const redact = createRedact({ PEM: '-----BEGIN-----\n"quoted"\n' });
  assert.equal(redact?.(JSON.stringify({ key: '-----BEGIN-----\n"quoted"\n' })), '{"key":"[secret PEM]"}');
});

test('A value that contains another one goes as a whole', () => {
  const redact = createRedact({ SHORT: 'abcdefgh', LONG: 'abcdefgh-ijklmnop' });
  assert.equal(redact?.('abcdefgh-ijklmnop abcdefgh'), '[secret LONG] [secret SHORT]');
});

test('Where a text is cut in the middle of a value, the part that is left goes as well', () => {
  const redact = createRedact({ KEY: 'abcdefgh-ijklmnop' });
  assert.equal(redact?.('x abcdefgh-ijk'), 'x [secret KEY]');
  assert.equal(redact?.('x abcdefgh-ijk…'), 'x [secret KEY]…');
  assert.equal(redact?.('x abcdefg'), 'x abcdefg');
  assert.equal(redact?.('x abcdefgh-ijx'), 'x abcdefgh-ijx');
});

test('What a mark looks like does not depend on the value, and short values are left alone', () => {
  assert.equal(createRedact({ KEY: "$&$'$`-long" })?.("$&$'$`-long"), '[secret KEY]');
  assert.equal(createRedact({ PIN: '1234567' }), undefined);
  assert.equal(createRedact({}), undefined);
});
