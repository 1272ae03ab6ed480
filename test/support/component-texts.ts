/** Components that several tests use. */
import {
  answer,
  type ComponentText,
  ECHO,
  type ImportText,
  RESULT,
  storeReply,
  type TypeText,
} from './component/index.ts';

const STORE_ERROR: TypeText = [
  'variant',
  [
    ['no-such-store', null],
    ['access-denied', null],
    ['other', 'string'],
  ],
];
const STORE: ImportText = {
  from: 'wasi:keyvalue/store@0.2.0-draft2',
  resources: ['bucket'],
  functions: [
    { name: 'open', params: ['string'], result: ['result', ['own', 'bucket'], STORE_ERROR] },
    {
      name: '[method]bucket.get',
      params: [['borrow', 'bucket'], 'string'],
      result: ['result', ['option', ['list', 'u8']], STORE_ERROR],
    },
  ],
};

/** Reads `k` of the binding HOST, and answers with the value, or with the case of the error as a digit. */
export const KV_GET: ComponentText = {
  imports: [STORE],
  rest: `(import "host" "open" (func $open (param i32 i32 i32)))
    (import "host" "[method]bucket.get" (func $get (param i32 i32 i32 i32)))
    (import "host" "drop bucket" (func $drop (param i32)))
    (data (i32.const 0) "HOSTk")`,
  body: `(call $open (i32.const 0) (i32.const 4) (i32.const 16))
    (if (i32.load8_u (i32.const 16)) (then (unreachable)))
    (call $get (i32.load (i32.const 20)) (i32.const 4) (i32.const 1) (i32.const 32))
    (call $drop (i32.load (i32.const 20)))
    (if (i32.load8_u (i32.const 32)) (then
      (i32.store8 (i32.const 64) (i32.add (i32.const 48) (i32.load8_u (i32.const 36))))
      ${storeReply('(i32.const 64)', '(i32.const 1)')} (return ${RESULT})))
    ${answer('(i32.load (i32.const 40))', '(i32.load (i32.const 44))')}`,
};

export const CLOCK_IMPORTS: readonly ImportText[] = [
  {
    from: 'wasi:io/poll@0.2.3',
    resources: ['pollable'],
    functions: [{ name: '[method]pollable.block', params: [['borrow', 'pollable']] }],
  },
  {
    from: 'wasi:clocks/monotonic-clock@0.2.3',
    outer: ['pollable'],
    functions: [{ name: 'subscribe-duration', params: ['u64'], result: ['own', 'pollable'] }],
  },
];

/** Waits for so long, and answers with the payload. */
export function sleeper(ms: number): ComponentText {
  return {
    imports: CLOCK_IMPORTS,
    rest: `(import "host" "[method]pollable.block" (func $block (param i32)))
      (import "host" "subscribe-duration" (func $subscribe (param i64) (result i32)))`,
    body: `(call $block (call $subscribe (i64.const ${ms * 1_000_000}))) ${ECHO}`,
  };
}

/** Instructions that copy `length` bytes to `to`, and move `to` on. */
export const APPEND = `(func $append (param $at i32) (param $length i32)
    (memory.copy (global.get $end) (local.get $at) (local.get $length))
    (global.set $end (i32.add (global.get $end) (local.get $length))))
  (global $end (mut i32) (i32.const 2048))`;
export const ANSWER_APPENDED = answer('(i32.const 2048)', '(i32.sub (global.get $end) (i32.const 2048))');

export const append = (pointer: string, length: string): string => `(call $append ${pointer} ${length})`;
