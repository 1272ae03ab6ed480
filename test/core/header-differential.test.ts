/** Our reader of header blocks against that of nats.js. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import fc from 'fast-check';
import { type HeaderPairs, parseHeaderBlock } from '../../src/core/index.ts';

/** Values by name; the names in the order in which they came. */
function grouped(pairs: HeaderPairs): readonly (readonly [string, readonly string[]])[] {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs) groups.set(name, [...(groups.get(name) ?? []), value]);
  return [...groups];
}

/** What nats.js reads, or undefined where it throws. */
function byLibrary(block: Uint8Array): readonly (readonly [string, readonly string[]])[] | undefined {
  try {
    const headers = MsgHdrsImpl.decode(block);
    return headers.keys().map((name) => [name, headers.values(name)] as const);
  } catch {
    return undefined;
  }
}

const tokenChar = fc.constantFrom(..."!#$%&'*+.^_`|~-09AZaz");
const name = fc.string({ unit: tokenChar, minLength: 1, maxLength: 12 });
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(' ', '\t', ':', 'a', '\u00a0', '\ufeff', '𝄞', '\0'), maxLength: 12 }),
);

test('What nats.js has written is read as nats.js reads it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 20 }), (pairs) => {
      const headers = new MsgHdrsImpl();
      for (const [key, text] of pairs) if (!/[\r\n]/.test(text)) headers.append(key, text);
      const block = headers.encode();
      assert.deepEqual(grouped(parseHeaderBlock(block)), byLibrary(block) ?? []);
    }),
    { numRuns: 500 },
  );
});

test('Whatever the bytes are, what nats.js reads without an error is what is read', () => {
  const part = fc.oneof(
    name,
    value,
    fc.constantFrom('\r\n', '\r\n', ': ', ':', 'NATS/1.0', '\r', '\n', ' 503 No Responders'),
  );
  let compared = 0;
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 30 }),
      fc.constantFrom('NATS/1.0\r\n', 'NATS/1.0 503\r\n', ''),
      fc.uint8Array({ maxLength: 6 }),
      (parts, status, tail) => {
        const block = Buffer.concat([Buffer.from(status + parts.join('')), tail]);
        const pairs = parseHeaderBlock(block);
        for (const [key, text] of pairs) assert.match(`${key}=${text.length}`, /^[^\s:=]+=\d+$/);
        const theirs = byLibrary(block);
        if (theirs === undefined) return;
        // nats.js takes more characters in a name than RFC 7230 has.
        const expected = theirs.filter(([key]) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(key));
        assert.deepEqual(grouped(pairs), expected);
        if (expected.length > 0) compared += 1;
      },
    ),
    { numRuns: 2_000 },
  );
  assert.ok(compared > 50, `${compared} blocks with headers were compared`);
});
