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
  assert.equal(redact?.(`{ key: '-----BEGIN-----\\n"quoted"\\n' }`), "{ key: '[secret PEM]' }");
});

test('A value that contains another one goes as a whole', () => {
  const redact = createRedact({ SHORT: 'abcdefgh', LONG: 'abcdefgh-ijklmnop' });
  assert.equal(redact?.('abcdefgh-ijklmnop abcdefgh'), '[secret LONG] [secret SHORT]');
});

test('Where a text is cut in the middle of a value, the part that is left goes as well', () => {
  const redact = createRedact({ KEY: 'abcdefgh-ijklmnop' });
  assert.equal(redact?.('x abcdefgh-ijk'), 'x [secret KEY]');
  assert.equal(redact?.('x abcdefgh-ijk…'), 'x [secret KEY]…');
  assert.equal(
    redact?.("{ a: 'abcdefgh-ijk…', b: 'abcdefgh…' }"),
    "{ a: '[secret KEY]…', b: '[secret KEY]…' }",
  );
  assert.equal(redact?.('x abcdefg'), 'x abcdefg');
  assert.equal(redact?.('x abcdefgh-ijx'), 'x abcdefgh-ijx');
});

test('What a mark looks like does not depend on the value, and short values are left alone', () => {
  assert.equal(createRedact({ KEY: "$&$'$`-long" })?.("$&$'$`-long"), '[secret KEY]');
  assert.equal(createRedact({ PIN: '1234567' }), undefined);
  assert.equal(createRedact({}), undefined);
});

test('A text that is all beginnings of a value does not hold the thread, and loses its end', () => {
  const value = 'a'.repeat(64 * 1024);
  const redact = createRedact({ KEY: value });
  const startedMs = process.cpuUsage().user / 1_000;
  const clean = redact?.(`first ${`${'a'.repeat(30_000)}b`.repeat(32)}`) ?? '';
  assert.ok(process.cpuUsage().user / 1_000 - startedMs < 2_000);
  assert.match(clean, /^first a*b?\[secret KEY\]…$/);
  assert.ok(clean.length < 64 * 1024);
  assert.equal(redact?.(value), '[secret KEY]');
  assert.equal(createRedact({ KEY: 'abcdefgh' })?.('abcdefgh'.repeat(3)), '[secret KEY]'.repeat(3));
});
