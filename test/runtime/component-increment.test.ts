/** `wasi:keyvalue/atomics.increment`: a number of 64 bits, kept as decimal digits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Binding, HostCall } from '../../src/core/index.ts';
import {
  answer,
  type ComponentText,
  compileComponent,
  type ImportText,
  RESULT,
  storeReply,
  type TypeText,
} from '../support/component/index.ts';
import { createTestFunction } from '../support/functions.ts';

const KV: Binding = { service: 'kv', bucket: 'host', access: 'read-write', keys: '>', existing: true };
const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

const ERROR: TypeText = [
  'variant',
  [
    ['no-such-store', null],
    ['access-denied', null],
    ['other', 'string'],
  ],
];
const IMPORTS: readonly ImportText[] = [
  {
    from: 'wasi:keyvalue/store@0.2.0-draft2',
    resources: ['bucket'],
    functions: [{ name: 'open', params: ['string'], result: ['result', ['own', 'bucket'], ERROR] }],
  },
  {
    from: 'wasi:keyvalue/atomics@0.2.0-draft2',
    outer: ['bucket'],
    functions: [
      {
        name: 'increment',
        params: [['borrow', 'bucket'], 'string', 's64'],
        result: ['result', 's64', ERROR],
      },
    ],
  },
];

/** Adds to `k`, and answers with the number, or with the text of the error. */
function adder(delta: bigint): ComponentText {
  return {
    imports: IMPORTS,
    rest: `(import "host" "open" (func $open (param i32 i32 i32)))
      (import "host" "increment" (func $increment (param i32 i32 i32 i64 i32)))
      (data (i32.const 0) "HOSTk")`,
    body: `(call $open (i32.const 0) (i32.const 4) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then (unreachable)))
      (call $increment (i32.load (i32.const 20)) (i32.const 4) (i32.const 1) (i64.const ${delta}) (i32.const 32))
      (if (i32.eqz (i32.load8_u (i32.const 32))) (then
        ${storeReply('(i32.const 40)', '(i32.const 8)')} (return ${RESULT})))
      ${answer('(i32.load (i32.const 44))', '(i32.load (i32.const 48))')}`,
  };
}

/** What a component reads that adds `delta` where `stored` is, and what is stored then. */
async function add(stored: string, delta: bigint) {
  let value = stored;
  const host = async ({ op, payload }: HostCall) => {
    if (op === 'get') return { value: [1, 0], data: Buffer.from(value) };
    assert.equal(op, 'update');
    value = Buffer.from(payload ?? '').toString();
    return { value: 2 };
  };
  using probe = createTestFunction(compileComponent(adder(delta), { bindings: { HOST: KV } }), { host });
  const reply = await probe.call();
  assert.ok(reply.ok, reply.ok ? '' : reply.error.message);
  const bytes = Buffer.from(reply.outcome.payload ?? '');
  return { value, read: bytes.length === 8 ? bytes.readBigInt64LE(0) : bytes.toString() };
}

test('A number is incremented up to both ends of 64 bits', async () => {
  assert.deepEqual(await add(`${MAX - 1n}`, 1n), { value: `${MAX}`, read: MAX });
  assert.deepEqual(await add(`${MIN + 1n}`, -1n), { value: `${MIN}`, read: MIN });
  assert.deepEqual(await add(`${MIN}`, MAX), { value: '-1', read: -1n });
});

for (const [stored, delta] of [
  [MAX, 1n],
  [MIN, -1n],
] as const)
  test(`A sum of ${stored} and ${delta} is an error, and the number stays`, async () => {
    assert.deepEqual(await add(`${stored}`, delta), {
      value: `${stored}`,
      read: `"k" holds ${stored}, and with ${delta} added it does not fit into 64 bits`,
    });
  });

test('Digits that are no number of 64 bits are not incremented', async () => {
  for (const stored of [`${MAX + 1n}`, `${MIN - 1n}`, '9'.repeat(19)])
    assert.deepEqual(await add(stored, stored.startsWith('-') ? 1n : -1n), {
      value: stored,
      read: '"k" has no number of 64 bits to increment',
    });
});
