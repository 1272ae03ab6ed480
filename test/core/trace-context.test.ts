import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatTraceParent,
  type HeaderPairs,
  parseTraceParent,
  readTraceCarrier,
  traceHeaderPairs,
} from '../../src/core/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const GOOD = `00-${TRACE}-${SPAN}-01`;

const hex = (length: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
    .filter((text) => !/^0+$/.test(text));

test('What is formatted is parsed again', () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
      const place = { traceId, spanId, sampled };
      assert.deepEqual(parseTraceParent(formatTraceParent(place)), place);
    }),
  );
});

test('A traceparent that the standard calls invalid is not taken', () => {
  const wrong = [
    '',
    'x',
    GOOD.toUpperCase(),
    ` ${GOOD}`,
    `${GOOD} `,
    `${GOOD}\n`,
    `${GOOD}-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}`,
    `01-${TRACE}-${SPAN}-01more`,
    `01-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`,
  ];
  for (const text of wrong) assert.equal(parseTraceParent(text), undefined, JSON.stringify(text));
});

test('Later versions may add fields, and unknown flags do not matter', () => {
  assert.deepEqual(parseTraceParent(`01-${TRACE}-${SPAN}-03-later`), {
    traceId: TRACE,
    spanId: SPAN,
    sampled: true,
  });
  assert.equal(parseTraceParent(`00-${TRACE}-${SPAN}-02`)?.sampled, false);
});

test('Headers are read in any case; two places in a trace are none', () => {
  assert.equal(readTraceCarrier([['TraceParent', GOOD]])?.traceparent, GOOD);
  assert.equal(
    readTraceCarrier([
      ['traceparent', GOOD],
      ['Traceparent', GOOD],
    ]),
    undefined,
  );
  assert.equal(readTraceCarrier([['tracestate', 'a=1']]), undefined);
  assert.equal(readTraceCarrier([['traceparent', 'x']]), undefined);
  assert.equal(readTraceCarrier(undefined), undefined);
});

test('Several tracestate headers are one list; one that is too long or not text is dropped', () => {
  const stateOf = (...states: string[]): string | undefined =>
    readTraceCarrier([
      ['traceparent', GOOD],
      ...states.map((state): readonly [string, string] => ['tracestate', state]),
    ])?.tracestate;
  assert.equal(stateOf('a=1', 'b=2'), 'a=1,b=2');
  assert.equal(stateOf('a=1\r\nX: y'), '');
  assert.equal(stateOf('a='.padEnd(600, 'x')), '');
});

test('Where nothing is traced the headers that came in are passed on', () => {
  const headers: HeaderPairs = [
    ['x', 'y'],
    ['traceparent', GOOD],
    ['tracestate', 'a=1'],
  ];
  assert.deepEqual(traceHeaderPairs({ trace: undefined, invocation: { headers } }), [
    ['traceparent', GOOD],
    ['tracestate', 'a=1'],
  ]);
  assert.deepEqual(traceHeaderPairs({ trace: undefined, invocation: { headers: [['x', 'y']] } }), []);
  const own = { traceparent: `00-${TRACE}-${'1'.repeat(16)}-01`, tracestate: '' };
  assert.deepEqual(traceHeaderPairs({ trace: own, invocation: { headers } }), [
    ['traceparent', own.traceparent],
  ]);
});
