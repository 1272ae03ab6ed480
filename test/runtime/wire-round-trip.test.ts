import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { BatchEncoder } from '../../src/runtime/wire/batch.ts';
import type { GuestRecord } from '../../src/runtime/wire/guest-records.ts';
import { idText } from '../../src/runtime/wire/id-text.ts';
import { createTestPool, loadIsolate, moduleOf } from '../support/functions.ts';
import { readAll } from '../support/guest-records.ts';

const pool = createTestPool();
after(() => pool[Symbol.dispose]());

/** Echoes by `triggerIndex`: 0 bytes, 1 text, 2 headers as JSON, 3 a Reply with the message's own headers. */
const echo = loadIsolate(
  pool,
  moduleOf(`{ message(msg) {
    const mode = msg.params.mode;
    if (mode === 'bytes') return msg.data;
    if (mode === 'text') return msg.text();
    if (mode === 'headers') return [...msg.headers];
    if (mode === 'code') return eval(msg.text());
    return new Reply(msg.data, { headers: Object.fromEntries(msg.headers) });
  } }`),
  { triggers: ['echo.{mode}'], limits: { memoryBytes: 128 * 1024 ** 2 } },
);
after(() => echo[Symbol.dispose]());

interface Sent {
  readonly mode: string;
  readonly data?: Uint8Array;
  readonly headers?: readonly (readonly [string, string])[];
}

/** Encodes, runs the guest, decodes. Batches that are full go out, as a cell's do. */
function roundTrip(messages: readonly Sent[]): readonly GuestRecord[] {
  const encoder = new BatchEncoder();
  const records: GuestRecord[] = [];
  let id = 0;
  const flush = (): void => {
    const given = encoder.size;
    const { outputs, taken, fault } = echo.run(encoder.take(), 5_000);
    assert.equal(fault, undefined);
    assert.equal(taken, given);
    for (const { json, extras } of outputs) records.push(...readAll(json, extras));
  };
  for (const { mode, data = new Uint8Array(0), headers } of messages) {
    encoder.invoke(++id, 0, `echo.${mode}`, true, 0, headers, data);
    if (encoder.full) flush();
  }
  if (encoder.size > 0) flush();
  return records;
}

function payloadBytes(record: GuestRecord | undefined): Buffer {
  assert.ok(record?.kind === 'reply', JSON.stringify(record));
  return Buffer.from(record.payload ?? '');
}

const awkward = [
  Buffer.alloc(0),
  Buffer.from('\ufeffwith a mark'),
  Buffer.from([0xef, 0xbb]),
  Buffer.from([0x80, 0xff, 0xc0, 0xaf]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from('\u0000\u2028"\\\n'),
  Buffer.from('𝄞'.repeat(100)),
];
const sizes = [1, 1023, 1024, 1025, 8191, 8192, 8193, 20_000];
const fills = [0x00, 0x61, 0xe9, 0xff];

test('Every payload comes back as the bytes that went in', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.string({ unit: 'binary', maxLength: 64 }).map((text) => Buffer.from(text)),
    fc.constantFrom(...awkward),
    fc
      .tuple(fc.constantFrom(...sizes), fc.constantFrom(...fills))
      .map(([size, fill]) => Buffer.alloc(size, fill)),
  );
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 120 }), (payloads) => {
      const records = roundTrip(payloads.map((data) => ({ mode: 'bytes', data })));
      assert.deepEqual(
        records.map((record) => record.kind === 'reply' && record.id),
        payloads.map((_, index) => index + 1),
      );
      for (const [index, data] of payloads.entries())
        assert.ok(payloadBytes(records[index]).equals(data), `payload ${index} of ${data.length} bytes`);
    }),
    { numRuns: 25 },
  );
});

test('Text is decoded as the Encoding standard decodes it, and keeps a byte order mark', () => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(...awkward)),
      fc.integer({ min: 0, max: 9_000 }),
      (bytes, padding) => {
        const data = Buffer.concat([Buffer.alloc(padding, 0x2e), bytes]);
        const [record] = roundTrip([{ mode: 'text', data }]);
        assert.equal(payloadBytes(record).toString('utf8'), decoder.decode(data));
      },
    ),
    { numRuns: 100 },
  );
});

test('A payload of a megabyte crosses as text and as bytes', () => {
  for (const data of [Buffer.alloc(1024 ** 2, 'ä'), Buffer.alloc(1024 ** 2, 0xff)]) {
    const [record] = roundTrip([{ mode: 'bytes', data }]);
    assert.ok(payloadBytes(record).equals(data));
  }
});

test('Headers keep their order, their case and their repetitions', () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 20 }), (headers) => {
      const [record] = roundTrip([{ mode: 'headers', headers }]);
      assert.deepEqual(JSON.parse(payloadBytes(record).toString('utf8')), headers);
    }),
    { numRuns: 100 },
  );
});

test('The headers of a reply come out as the function gave them', () => {
  const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== '__proto__');
  fc.assert(
    fc.property(fc.dictionary(name, fc.string({ unit: 'binary' }), { noNullPrototype: true }), (pairs) => {
      const [record] = roundTrip([{ mode: 'reply', headers: Object.entries(pairs) }]);
      assert.ok(record?.kind === 'reply');
      const given: string[][] = [];
      for (let index = 0; index < record.headers.length; index += 2)
        given.push(record.headers.slice(index, index + 2));
      assert.deepEqual(
        new Map(given.map(([key = '', value]) => [key, value])),
        new Map(Object.entries(pairs)),
      );
    }),
    { numRuns: 100 },
  );
});

test('Lone surrogates in a reply do not break the batch around it', () => {
  for (const length of [1, 9_000]) {
    const records = roundTrip([
      { mode: 'text', data: Buffer.from('before') },
      { mode: 'code', data: Buffer.from(`'\\ud800'.repeat(${length})`) },
      { mode: 'text', data: Buffer.from('after') },
    ]);
    assert.deepEqual(
      records.map((record) => payloadBytes(record).toString('utf8')),
      ['before', '\ufffd'.repeat(length), 'after'],
    );
  }
});

test('More large replies than one hand-over takes all arrive, in order', () => {
  const payloads = Array.from({ length: 128 }, (_, index) => Buffer.alloc(2_000, index));
  const records = roundTrip(payloads.map((data) => ({ mode: 'bytes', data })));
  assert.equal(records.length, payloads.length);
  for (const [index, data] of payloads.entries()) assert.ok(payloadBytes(records[index]).equals(data));
});

test('An id is written as any number is, whichever came before', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(1_000), fc.maxSafeNat()), { minLength: 1 }), (ids) => {
      assert.deepEqual(ids.map(idText), ids.map(String));
    }),
  );
});
