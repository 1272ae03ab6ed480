import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HairspringError } from '../../src/core/index.ts';
import type { Extra } from '../../src/runtime/wire/batch.ts';
import { type GuestRecord, readGuestBatch } from '../../src/runtime/wire/guest-records.ts';
import { readAll } from '../support/guest-records.ts';

const EXTRAS: readonly Extra[] = ['beside', new ArrayBuffer(4)];

function decode(json: string): readonly GuestRecord[] | 'refused' {
  try {
    return readAll(json, EXTRAS);
  } catch (error) {
    assert.ok(HairspringError.is(error), String(error));
    assert.equal(error.code, 'HS_GUEST_TAMPERED');
    return 'refused';
  }
}

test('Well-formed records of every kind are read', () => {
  const records = decode(
    '[0,1,0,0,1,"a",0,2,1,["h","v"],2,"\\u00ff",0,3,0,0,3,1,0,4,0,0,0,0,1,5,0,"C","m","s",2,6,7,8,"L","get",["k",1,null],3,0,3,"info","x",4,8,0.5,9,10,5,8,6,9]',
  );
  assert.ok(records !== 'refused');
  assert.deepEqual(
    records.map((record) => ({ ...record })),
    [
      { kind: 'reply', id: 1, tails: 0, headers: [], payload: 'a' },
      { kind: 'reply', id: 2, tails: 1, headers: ['h', 'v'], payload: Buffer.from([0xff]) },
      { kind: 'reply', id: 3, tails: 0, headers: [], payload: new Uint8Array(4) },
      { kind: 'reply', id: 4, tails: 0, headers: [], payload: undefined },
      { kind: 'error', id: 5, tails: 0, code: 'C', message: 'm', stack: 's' },
      {
        kind: 'call',
        callId: 6,
        id: 7,
        newestId: 8,
        label: 'L',
        op: 'get',
        args: ['k', 1, null],
        payload: 'beside',
      },
      { kind: 'log', level: 'info', text: 'x' },
      { kind: 'timer', timerId: 8, delayMs: 0.5, ownerId: 9, newestId: 10 },
      { kind: 'clear-timer', timerId: 8 },
      { kind: 'tails-done', id: 9 },
    ],
  );
});

test('A record with any field of a wrong form is refused', () => {
  const refused = [
    '',
    'nonsense',
    '{}',
    'null',
    '"[]"',
    '[7]',
    '[-1]',
    '["0"]',
    '[null]',
    '[[0]]',
    '[0]',
    '[0,"1",0,0,0,0]',
    '[0,-1,0,0,0,0]',
    '[0,1.5,0,0,0,0]',
    '[0,9007199254740992,0,0,0,0]',
    '[0,1,null,0,0,0]',
    '[0,1,0,1,0,0]',
    '[0,1,0,[1],0,0]',
    '[0,1,0,"h",0,0]',
    '[0,1,0,{"length":0},0,0]',
    '[0,1,0,0]',
    '[0,1,0,0,1]',
    '[0,1,0,0,1,2]',
    '[0,1,0,0,2,{}]',
    '[0,1,0,0,3,2]',
    '[0,1,0,0,3,-1]',
    '[0,1,0,0,3,0.5]',
    '[0,1,0,0,3,"0"]',
    '[0,1,0,0,3,"length"]',
    '[0,1,0,0,4,"x"]',
    '[1,1,0,1,"m","s"]',
    '[1,1,0,"C","m"]',
    '[2,1,1,1,"L","get",{},0,0]',
    '[2,1,1,1,"L","get",[{}],0,0]',
    '[2,1,1,1,"L","get",[true],0,0]',
    '[2,1,1,1,"L","get",[["k"]],0,0]',
    `[2,1,1,1,"L","get",[${Array(17).fill(0)}],0,0]`,
    '[2,1,1,"L","get",[],0,0]',
    '[2,1,1,-1,"L","get",[],0,0]',
    '[2,1,1,1,null,"get",[],0,0]',
    '[2,1,1,1,"L",5,[],0,0]',
    '[3,"info"]',
    '[3,1,"x"]',
    '[4,1,-1,1,1]',
    '[4,1,"5",1,1]',
    '[4,1,null,1,1]',
    '[4,1,1e400,1,1]',
    '[4,1,1]',
    '[4,1,1,1]',
    '[4,1,1,-1,1]',
    '[4,1,1,1,"1"]',
    '[5]',
    '[6,{}]',
  ];
  for (const json of refused) assert.equal(decode(json), 'refused', json);
});

test('What stood before a malformed record has been read', () => {
  const records: GuestRecord[] = [];
  assert.throws(() => {
    readGuestBatch('[3,"info","kept",9]', [], (record) => records.push(record));
  }, HairspringError.is);
  assert.deepEqual(records, [{ kind: 'log', level: 'info', text: 'kept' }]);
});

test('No JSON whatever makes the reader fail in any other way', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      decode(json);
    }),
    { numRuns: 500 },
  );
});

test('No sequence of plausible fields makes the reader fail in any other way, or lie about types', () => {
  const field = fc.oneof(
    fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, -1, 0.5, '0', 'length', '__proto__', null, true),
    fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { maxLength: 3 }),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.array(field, { maxLength: 24 }), (fields) => {
      const records = decode(JSON.stringify(fields));
      if (records === 'refused') return;
      for (const record of records) {
        if ('id' in record) assert.ok(Number.isSafeInteger(record.id) && record.id >= 0);
        if (record.kind === 'timer') assert.ok(Number.isFinite(record.delayMs));
        if (record.kind === 'log') assert.equal(typeof record.text, 'string');
        if ('payload' in record) {
          const { payload } = record;
          assert.ok(payload === undefined || typeof payload === 'string' || payload instanceof Uint8Array);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
