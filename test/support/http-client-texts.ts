/** Components that send HTTP requests: the interfaces, and one that answers with what another server answers. */
import type { ComponentText, FunctionText, ImportText, TypeText } from './component/index.ts';
import { BEGIN, ERROR_CODE, FINISH, HTTP_IMPORTS, httpComponent, METHOD, write } from './http-texts.ts';

const SELF: TypeText = ['borrow', 'outgoing-request'];
const FUTURE: TypeText = ['borrow', 'future-incoming-response'];
const RESPONSE: TypeText = ['borrow', 'incoming-response'];
const NOTHING: TypeText = ['result', null, null];
const SCHEME: TypeText = [
  'variant',
  [
    ['HTTP', null],
    ['HTTPS', null],
    ['other', 'string'],
  ],
];

const SENT: readonly FunctionText[] = [
  { name: '[constructor]outgoing-request', params: [['own', 'fields']], result: ['own', 'outgoing-request'] },
  { name: '[method]outgoing-request.set-method', params: [SELF, METHOD], result: NOTHING },
  { name: '[method]outgoing-request.set-authority', params: [SELF, ['option', 'string']], result: NOTHING },
  {
    name: '[method]outgoing-request.set-path-with-query',
    params: [SELF, ['option', 'string']],
    result: NOTHING,
  },
  { name: '[method]outgoing-request.set-scheme', params: [SELF, ['option', SCHEME]], result: NOTHING },
  {
    name: '[method]outgoing-request.body',
    params: [SELF],
    result: ['result', ['own', 'outgoing-body'], null],
  },
  { name: '[method]future-incoming-response.subscribe', params: [FUTURE], result: ['own', 'pollable'] },
  {
    name: '[method]future-incoming-response.get',
    params: [FUTURE],
    result: ['option', ['result', ['result', ['own', 'incoming-response'], ERROR_CODE], null]],
  },
  { name: '[method]incoming-response.status', params: [RESPONSE], result: 'u16' },
  { name: '[method]incoming-response.headers', params: [RESPONSE], result: ['own', 'fields'] },
  {
    name: '[method]incoming-response.consume',
    params: [RESPONSE],
    result: ['result', ['own', 'incoming-body'], null],
  },
];

const IMPORTS: readonly ImportText[] = [
  {
    from: 'wasi:io/poll@0.2.3',
    resources: ['pollable'],
    functions: [{ name: '[method]pollable.block', params: [['borrow', 'pollable']] }],
  },
  ...HTTP_IMPORTS.map((each) =>
    each.from === 'wasi:http/types@0.2.3'
      ? {
          ...each,
          outer: [...(each.outer ?? []), 'pollable'],
          resources: [
            ...(each.resources ?? []),
            'outgoing-request',
            'request-options',
            'future-incoming-response',
            'incoming-response',
          ],
          functions: [...each.functions, ...SENT],
        }
      : each,
  ),
  {
    from: 'wasi:http/outgoing-handler@0.2.3',
    outer: ['outgoing-request', 'request-options', 'future-incoming-response'],
    functions: [
      {
        name: 'handle',
        params: [
          ['own', 'outgoing-request'],
          ['option', ['own', 'request-options']],
        ],
        result: ['result', ['own', 'future-incoming-response'], ERROR_CODE],
      },
    ],
  },
];

const REST = `(import "host" "[method]pollable.block" (func $block (param i32)))
  (import "host" "[constructor]outgoing-request" (func $outgoing (param i32) (result i32)))
  (import "host" "[method]outgoing-request.set-method" (func $set-method (param i32 i32 i32 i32) (result i32)))
  (import "host" "[method]outgoing-request.set-authority" (func $set-authority (param i32 i32 i32 i32) (result i32)))
  (import "host" "[method]outgoing-request.set-path-with-query" (func $set-path (param i32 i32 i32 i32) (result i32)))
  (import "host" "[method]outgoing-request.set-scheme" (func $set-scheme (param i32 i32 i32 i32 i32) (result i32)))
  (import "host" "[method]outgoing-request.body" (func $outgoing-body (param i32 i32)))
  (import "host" "[method]future-incoming-response.subscribe" (func $subscribe (param i32) (result i32)))
  (import "host" "[method]future-incoming-response.get" (func $get-response (param i32 i32)))
  (import "host" "[method]incoming-response.status" (func $status-of (param i32) (result i32)))
  (import "host" "[method]incoming-response.headers" (func $headers-of (param i32) (result i32)))
  (import "host" "[method]incoming-response.consume" (func $consume-response (param i32 i32)))
  (import "host" "handle" (func $send (param i32 i32 i32 i32)))
  (global $sent (mut i32) (i32.const 0)) (global $future (mut i32) (i32.const 0)) (global $got (mut i32) (i32.const 0))`;

const STATUS = '(i32.const 2000)';

/** Begins the answer to the client with a status, its body in `$to`. */
const answerWith = (status: string): string => `${BEGIN}
  (local.set $made (call $response (local.get $own)))
  (if (call $status (local.get $made) ${status}) (then (unreachable)))
  (call $body (local.get $made) (i32.const 512)) (local.set $own (i32.load (i32.const 516)))
  (call $body-write (local.get $own) (i32.const 512)) (local.set $to (i32.load (i32.const 516)))
  (call $set (local.get $outparam) (i32.const 0) (local.get $made) (i32.const 0) (i32.const 0) (i32.const 0))`;

/**
 * Posts the text `sent` to a server, and answers with its status and its body; with 502 and the number of the error
 * code, and its text if it has one, where there is no answer.
 * @param scheme 0 http, 1 https, 2 another
 */
export function proxyComponent(authority: string, path: string, scheme = 0): ComponentText {
  const body = `(global.set $sent (call $outgoing (call $fields)))
    (if (call $set-method (global.get $sent) (i32.const 2) (i32.const 0) (i32.const 0)) (then (unreachable)))
    (if (call $set-scheme (global.get $sent) (i32.const 1) (i32.const ${scheme}) (i32.const 0) (i32.const 1)) (then (unreachable)))
    (if (call $set-authority (global.get $sent) (i32.const 1) (i32.const 3000) (i32.const ${authority.length})) (then (unreachable)))
    (if (call $set-path (global.get $sent) (i32.const 1) (i32.const 3100) (i32.const ${path.length})) (then (unreachable)))
    (call $outgoing-body (global.get $sent) (i32.const 512)) (local.set $own (i32.load (i32.const 516)))
    (call $body-write (local.get $own) (i32.const 512)) (local.set $to (i32.load (i32.const 516)))
    (call $send (global.get $sent) (i32.const 0) (i32.const 0) (i32.const 2100))
    (if (i32.load8_u (i32.const 2100)) (then
      ${answerWith('(i32.const 400)')}
      (i32.store8 (i32.const 2200) (i32.add (i32.const 48) (i32.load8_u (i32.const 2104))))
      ${write('(i32.const 2200)', '(i32.const 1)')} ${FINISH} (return)))
    (global.set $future (i32.load (i32.const 2104)))
    (call $get-response (global.get $future) (i32.const 2100))
    (if (i32.load8_u (i32.const 2100)) (then (unreachable)))
    ${write('(i32.const 3200)', '(i32.const 4)')} ${FINISH}
    (call $block (call $subscribe (global.get $future)))
    (call $get-response (global.get $future) (i32.const 2100))
    (if (i32.eqz (i32.load8_u (i32.const 2100))) (then (unreachable)))
    (if (i32.load8_u (i32.const 2108)) (then
      ${answerWith('(i32.const 502)')}
      (i32.store8 (i32.const 2200) (i32.add (i32.const 48) (i32.load8_u (i32.const 2112))))
      ${write('(i32.const 2200)', '(i32.const 1)')}
      (if (i32.eq (i32.load8_u (i32.const 2112)) (i32.const 38)) (then
        ${write('(i32.load (i32.const 2120))', '(i32.load (i32.const 2124))')}))
      ${FINISH} (return)))
    (global.set $got (i32.load (i32.const 2112)))
    (i32.store ${STATUS} (call $status-of (global.get $got)))
    ${answerWith(`(i32.load ${STATUS})`)}
    (call $consume-response (global.get $got) (i32.const 740))
    (call $body-stream (i32.load (i32.const 744)) (i32.const 760))
    (local.set $from (i32.load (i32.const 764)))
    (block $over (loop $on
      (call $read (local.get $from) (i64.const 65536) (i32.const 780))
      (br_if $over (i32.load8_u (i32.const 780)))
      ${write('(i32.load (i32.const 784))', '(i32.load (i32.const 788))')}
      (br $on)))
    ${FINISH}`;
  const data = `(data (i32.const 3000) "${authority}") (data (i32.const 3100) "${path}") (data (i32.const 3200) "sent")`;
  return httpComponent(body, { imports: IMPORTS, rest: `${REST} ${data}` });
}
