/** Records of every kind across the boundary, with text and sizes as nobody expects them. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { HairspringError, type HostCall } from '../../src/core/index.ts';
import { type Extra, INLINE_BYTES } from '../../src/runtime/wire/batch.ts';
import { codeOf, createTestFunction, handlerOf, textOf } from '../support/functions.ts';
import { readAll } from '../support/guest-records.ts';

let calls: HostCall[] = [];

/** Gives back what it is called with: as bytes, as a value, or as an error. */
const mirror = createTestFunction(
  handlerOf(`
    const mode = msg.params.key;
    if (mode === 'log') { console.error(JSON.parse(msg.text())); return 'logged'; }
    if (mode === 'throw') throw new Error(JSON.parse(msg.text()));
    if (mode === 'headers') return new Reply('', { headers: JSON.parse(msg.text()) });
    return 'none';`),
  { limits: { memoryBytes: 256 * 1024 ** 2, payloadBytes: 64 * 1024 ** 2 } },
);
after(() => mirror[Symbol.dispose]());

/** Text with lone surrogates, controls, separators and what JSON escapes. */
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .array(fc.constantFrom('\ud800', '\udc00', '\u2028', '\0', '"', '\\', '\ufeff', '\uffff', 'ä', '𝄞'), {
      maxLength: 12,
    })
    .map((parts) => parts.join('')),
);

test('What a function logs comes out as it was, whatever characters it has', async () => {
  await fc.assert(
    fc.asyncProperty(oddText, async (text) => {
      const before = mirror.logs.length;
      assert.equal(await mirror.text({ subject: 'probe.log', data: JSON.stringify(text) }), 'logged');
      assert.equal(mirror.logs[before]?.text, text);
    }),
    { numRuns: 60 },
  );
});

test('An error keeps its message, whatever characters it has', async () => {
  await fc.assert(
    fc.asyncProperty(oddText, async (text) => {
      const answer = await mirror.call({ subject: 'probe.throw', data: JSON.stringify(text) });
      assert.equal(codeOf(answer), 'HS_FUNCTION_THREW');
      assert.ok(!answer.ok && answer.error.message.includes(text), JSON.stringify(text));
    }),
    { numRuns: 60 },
  );
});

test('Headers of a reply with odd values come out as given or not at all, and break nothing', async () => {
  const name = fc.constantFrom('a', 'b-c', 'ä', 'x y', '', '\ud800');
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, oddText, { noNullPrototype: true }), async (pairs) => {
      const answer = await mirror.call({ subject: 'probe.headers', data: JSON.stringify(pairs) });
      if (!answer.ok) return;
      const { headers } = answer.outcome;
      for (let at = 0; at < headers.length; at += 2)
        assert.equal(headers[at + 1], pairs[headers[at] ?? ''] ?? '');
      assert.equal(await mirror.text({ subject: 'probe.none' }), 'none');
    }),
    { numRuns: 60 },
  );
});

test('Every record of the guest that is well-formed is read back field by field, however many there are', () => {
  const id = fc.nat();
  const extras: readonly Extra[] = ['x'.repeat(INLINE_BYTES + 1), new ArrayBuffer(INLINE_BYTES * 4)];
  const payload = fc.oneof(
    fc.constant([0, 0] as const),
    fc.tuple(fc.constant(1), oddText),
    fc.tuple(
      fc.constant(2),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
    fc.tuple(fc.constant(3), fc.nat(1)),
  );
  const record = fc.oneof(
    fc
      .tuple(fc.constant(0), id, id, fc.oneof(fc.constant(0), fc.array(oddText, { maxLength: 6 })), payload)
      .map(([kind, a, b, headers, [how, what]]) => [kind, a, b, headers, how, what]),
    fc.tuple(fc.constant(1), id, id, oddText, oddText, oddText),
    fc
      .tuple(
        fc.constant(2),
        id,
        id,
        id,
        oddText,
        oddText,
        fc.array(fc.oneof(oddText, fc.integer(), fc.constant(null)), { maxLength: 16 }),
        payload,
      )
      .map(([kind, a, b, c, label, op, args, [how, what]]) => [kind, a, b, c, label, op, args, how, what]),
    fc.tuple(fc.constant(3), oddText, oddText),
    fc.tuple(fc.constant(4), id, fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), id, id),
    fc.tuple(fc.constant(5), id),
    fc.tuple(fc.constant(6), id),
  );
  const kinds = ['reply', 'error', 'call', 'log', 'timer', 'clear-timer', 'tails-done'];
  fc.assert(
    fc.property(fc.array(record, { maxLength: 30 }), (records) => {
      const read = readAll(JSON.stringify(records.flat()), extras);
      assert.deepEqual(
        read.map(({ kind }) => kind),
        records.map(([kind]) => kinds[Number(kind)]),
      );
      for (const [at, found] of read.entries()) {
        const given = records[at] ?? [];
        // JSON gives -0 back as 0.
        const numbers = Object.values(found).filter((value) => typeof value === 'number');
        const expected = given.slice(1).filter((value) => typeof value === 'number');
        if (found.kind !== 'reply' && found.kind !== 'call')
          assert.deepEqual(
            numbers.map((n) => n + 0),
            expected.map((n) => n + 0),
          );
        if (found.kind === 'log') assert.deepEqual([found.level, found.text], given.slice(1));
        if (found.kind === 'error')
          assert.deepEqual([found.code, found.message, found.stack], given.slice(3));
        if (found.kind === 'call')
          assert.deepEqual([found.newestId, found.label, found.op, found.args], given.slice(3, 7));
        if (found.kind === 'reply') assert.deepEqual(found.headers, given[3] === 0 ? [] : given[3]);
        if (!('payload' in found)) continue;
        const [how, what] = given.slice(-2);
        if (how === 0) assert.equal(found.payload, undefined);
        else if (how === 1) assert.equal(found.payload, what);
        else if (how === 2) assert.deepEqual(found.payload, Buffer.from(String(what), 'latin1'));
        else if (what === 0) assert.equal(found.payload, extras[0]);
        else assert.ok(found.payload instanceof Uint8Array && found.payload.length === INLINE_BYTES * 4);
      }
    }),
    { numRuns: 400 },
  );
});

test('A host call and what comes back keep their text and bytes, also when they are huge', async () => {
  const result = { value: null as unknown, data: undefined as Uint8Array | undefined };
  let failure: HairspringError | undefined;
  using caller = createTestFunction(
    handlerOf(`
      const given = msg.json();
      try {
        const found = await env.HOST.put(given.key, given.size === undefined ? given.body : 'é'.repeat(given.size));
        return JSON.stringify([found]);
      } catch (error) { return JSON.stringify([error.code, error.message]); }`),
    {
      limits: { memoryBytes: 256 * 1024 ** 2 },
      host: async (call) => {
        calls.push(call);
        if (failure !== undefined) throw failure;
        return result.data === undefined
          ? { value: result.value }
          : { value: result.value, data: result.data };
      },
    },
  );
  await fc.assert(
    fc.asyncProperty(oddText, oddText, fc.jsonValue(), async (key, body, value) => {
      calls = [];
      result.value = value;
      const answer = await caller.call({ data: JSON.stringify({ key, body }) });
      const [call] = calls;
      assert.equal(call?.args[0], key);
      assert.equal(Buffer.from(call?.payload ?? '').toString(), body.toWellFormed());
      assert.ok(answer.ok, answer.ok ? '' : answer.error.message);
    }),
    { numRuns: 60 },
  );
  calls = [];
  await caller.call({ data: JSON.stringify({ key: 'k', size: 4 * 1024 ** 2 }) });
  assert.equal(Buffer.byteLength(Buffer.from(calls[0]?.payload ?? '')), 8 * 1024 ** 2);
  failure = new HairspringError('HS_KV_REVISION_CONFLICT', 'a "message" \ud800 \u2028');
  assert.deepEqual(JSON.parse(textOf(await caller.call({ data: '{"key":"k","body":""}' }))), [
    'HS_KV_REVISION_CONFLICT',
    failure.message,
  ]);
});
