/** Components that answer HTTP requests: the interfaces, and instructions for what tests do with them. */
import { type ComponentText, HTTP_HANDLE, type ImportText, type TypeText } from './component/index.ts';

const FIELDS: TypeText = ['borrow', 'fields'];
const REQUEST: TypeText = ['borrow', 'incoming-request'];
const BYTES: TypeText = ['list', 'u8'];
const HEADER_ERROR: TypeText = [
  'variant',
  [
    ['invalid-syntax', null],
    ['forbidden', null],
    ['immutable', null],
  ],
];
/** With the payload of its last case only. */
export const ERROR_CODE: TypeText = [
  'variant',
  [
    ...Array.from({ length: 38 }, (_, at) => [`code-${at}`, null] as const),
    ['internal-error', ['option', 'string']],
  ],
];
export const METHOD: TypeText = [
  'variant',
  [...Array.from({ length: 9 }, (_, at) => [`method-${at}`, null] as const), ['other', 'string']],
];
const STREAM_ERROR: TypeText = [
  'variant',
  [
    ['last-operation-failed', ['own', 'error']],
    ['closed', null],
  ],
];

export const HTTP_IMPORTS: readonly ImportText[] = [
  { from: 'wasi:io/error@0.2.3', resources: ['error'], functions: [] },
  {
    from: 'wasi:io/streams@0.2.3',
    outer: ['error'],
    resources: ['input-stream', 'output-stream'],
    functions: [
      {
        name: '[method]input-stream.blocking-read',
        params: [['borrow', 'input-stream'], 'u64'],
        result: ['result', BYTES, STREAM_ERROR],
      },
      {
        name: '[method]output-stream.blocking-write-and-flush',
        params: [['borrow', 'output-stream'], BYTES],
        result: ['result', null, STREAM_ERROR],
      },
    ],
  },
  {
    from: 'wasi:http/types@0.2.3',
    outer: ['input-stream', 'output-stream'],
    resources: [
      'fields',
      'incoming-request',
      'incoming-body',
      'response-outparam',
      'outgoing-response',
      'outgoing-body',
    ],
    functions: [
      { name: '[constructor]fields', params: [], result: ['own', 'fields'] },
      {
        name: '[method]fields.append',
        params: [FIELDS, 'string', BYTES],
        result: ['result', null, HEADER_ERROR],
      },
      { name: '[method]fields.get', params: [FIELDS, 'string'], result: ['list', BYTES] },
      { name: '[method]incoming-request.method', params: [REQUEST], result: METHOD },
      { name: '[method]incoming-request.path-with-query', params: [REQUEST], result: ['option', 'string'] },
      { name: '[method]incoming-request.authority', params: [REQUEST], result: ['option', 'string'] },
      { name: '[method]incoming-request.headers', params: [REQUEST], result: ['own', 'fields'] },
      {
        name: '[method]incoming-request.consume',
        params: [REQUEST],
        result: ['result', ['own', 'incoming-body'], null],
      },
      {
        name: '[method]incoming-body.stream',
        params: [['borrow', 'incoming-body']],
        result: ['result', ['own', 'input-stream'], null],
      },
      {
        name: '[static]response-outparam.set',
        params: [
          ['own', 'response-outparam'],
          ['result', ['own', 'outgoing-response'], ERROR_CODE],
        ],
      },
      {
        name: '[constructor]outgoing-response',
        params: [['own', 'fields']],
        result: ['own', 'outgoing-response'],
      },
      {
        name: '[method]outgoing-response.set-status-code',
        params: [['borrow', 'outgoing-response'], 'u16'],
        result: ['result', null, null],
      },
      {
        name: '[method]outgoing-response.body',
        params: [['borrow', 'outgoing-response']],
        result: ['result', ['own', 'outgoing-body'], null],
      },
      {
        name: '[method]outgoing-body.write',
        params: [['borrow', 'outgoing-body']],
        result: ['result', ['own', 'output-stream'], null],
      },
      {
        name: '[static]outgoing-body.finish',
        params: [
          ['own', 'outgoing-body'],
          ['option', ['own', 'fields']],
        ],
        result: ['result', null, ERROR_CODE],
      },
    ],
  },
];

const FUNCTIONS = `
  (import "host" "[method]input-stream.blocking-read" (func $read (param i32 i64 i32)))
  (import "host" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
  (import "host" "[constructor]fields" (func $fields (result i32)))
  (import "host" "[method]fields.append" (func $append (param i32 i32 i32 i32 i32 i32)))
  (import "host" "[method]fields.get" (func $get (param i32 i32 i32 i32)))
  (import "host" "[method]incoming-request.method" (func $method (param i32 i32)))
  (import "host" "[method]incoming-request.path-with-query" (func $path (param i32 i32)))
  (import "host" "[method]incoming-request.authority" (func $authority (param i32 i32)))
  (import "host" "[method]incoming-request.headers" (func $headers (param i32) (result i32)))
  (import "host" "[method]incoming-request.consume" (func $consume (param i32 i32)))
  (import "host" "[method]incoming-body.stream" (func $body-stream (param i32 i32)))
  (import "host" "[static]response-outparam.set" (func $set (param i32 i32 i32 i32 i32 i32)))
  (import "host" "[constructor]outgoing-response" (func $response (param i32) (result i32)))
  (import "host" "[method]outgoing-response.set-status-code" (func $status (param i32 i32) (result i32)))
  (import "host" "[method]outgoing-response.body" (func $body (param i32 i32)))
  (import "host" "[method]outgoing-body.write" (func $body-write (param i32 i32)))
  (import "host" "[static]outgoing-body.finish" (func $finish (param i32 i32 i32 i32)))
  (data (i32.const 0) "x-echo")
  (data (i32.const 16) "b\\0d\\0aX-Stolen: 1")
  (data (i32.const 48) "te")
  (data (i32.const 64) "gone wrong")`;

/** Where results are written. */
const AT = '(i32.const 512)';
const at = (offset: number): string => `(i32.load (i32.const ${512 + offset}))`;

/** Locals of every handler: the response, its body and its stream. */
const LOCALS = '(local $to i32) (local $made i32) (local $own i32) (local $from i32)';

/** Begins a response, its headers in `$own`. */
export const BEGIN = '(local.set $own (call $fields))';

/** Makes the response with a status, and says that it is the answer; its body goes to the stream `$to`. */
export function respond(status: number): string {
  return `(local.set $made (call $response (local.get $own)))
    (if (call $status (local.get $made) (i32.const ${status})) (then (unreachable)))
    (call $body (local.get $made) ${AT}) (local.set $own ${at(4)})
    (call $body-write (local.get $own) ${AT}) (local.set $to ${at(4)})
    (call $set (local.get $outparam) (i32.const 0) (local.get $made) (i32.const 0) (i32.const 0) (i32.const 0))`;
}

/** Writes bytes of the memory to the body. */
export function write(pointer: string, length: string): string {
  return `(call $write (local.get $to) ${pointer} ${length} ${AT})
    (if (i32.load8_u ${AT}) (then (unreachable)))`;
}

/** Drops the stream, and finishes the body. */
export const FINISH = `(call $drop-output (local.get $to))
  (call $finish (local.get $own) (i32.const 0) (i32.const 0) ${AT})`;

/** Answers the request with an error of wasi:http. */
export const FAIL = `(call $set (local.get $outparam) (i32.const 1) (i32.const 38) (i32.const 1) (i32.const 64) (i32.const 10))`;

/** Copies the header `x-echo` of the request, and the case of the error when it is appended again in a wrong way. */
export const COPY_HEADER = `(local.set $from (call $headers (local.get $request)))
  (call $get (local.get $from) (i32.const 0) (i32.const 6) ${AT})
  (if ${at(4)} (then
    (call $append (local.get $own) (i32.const 0) (i32.const 6) (i32.load ${at(0)})
      (i32.load (i32.add ${at(0)} (i32.const 4))) (i32.const 600))
    (if (i32.load8_u (i32.const 600)) (then (unreachable)))))
  (call $append (local.get $own) (i32.const 0) (i32.const 6) (i32.const 16) (i32.const 15) (i32.const 600))
  (if (i32.ne (i32.load16_u (i32.const 600)) (i32.const 0x0001)) (then (unreachable)))
  (call $append (local.get $own) (i32.const 48) (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 600))
  (if (i32.ne (i32.load16_u (i32.const 600)) (i32.const 0x0101)) (then (unreachable)))
  (call $append (local.get $from) (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 1) (i32.const 600))
  (if (i32.ne (i32.load16_u (i32.const 600)) (i32.const 0x0201)) (then (unreachable)))
  (call $drop-fields (local.get $from))`;

/** Writes the number of the method, the authority and the path to the body. */
export const WRITE_LINE = `(call $method (local.get $request) ${AT})
  (i32.store8 (i32.const 700) (i32.add (i32.const 48) (i32.load8_u ${AT}))) ${write('(i32.const 700)', '(i32.const 1)')}
  (call $authority (local.get $request) (i32.const 720))
  ${write('(i32.load (i32.const 724))', '(i32.load (i32.const 728))')}
  (call $path (local.get $request) (i32.const 720))
  ${write('(i32.load (i32.const 724))', '(i32.load (i32.const 728))')}`;

/** Passes the body of the request on. A second one is refused. */
export const COPY_BODY = `(call $consume (local.get $request) (i32.const 740))
  (call $consume (local.get $request) (i32.const 760))
  (if (i32.eqz (i32.load8_u (i32.const 760))) (then (unreachable)))
  (call $body-stream (i32.load (i32.const 744)) (i32.const 760))
  (local.set $from (i32.load (i32.const 764)))
  (block $over (loop $on
    (call $read (local.get $from) (i64.const 65536) (i32.const 780))
    (br_if $over (i32.load8_u (i32.const 780)))
    ${write('(i32.load (i32.const 784))', '(i32.load (i32.const 788))')}
    (br $on)))
  (call $drop-input (local.get $from)) (call $drop-body (i32.load (i32.const 744)))`;

export function httpComponent(
  body: string,
  { imports = HTTP_IMPORTS, rest = '' }: Partial<Pick<ComponentText, 'imports' | 'rest'>> = {},
): ComponentText {
  return {
    imports,
    handler: HTTP_HANDLE,
    exportedIn: 'wasi:http/incoming-handler@0.2.3',
    memory: '4',
    rest: `${FUNCTIONS}
      (import "host" "drop output-stream" (func $drop-output (param i32)))
      (import "host" "drop input-stream" (func $drop-input (param i32)))
      (import "host" "drop incoming-body" (func $drop-body (param i32)))
      (import "host" "drop fields" (func $drop-fields (param i32)))
      (import "host" "drop outgoing-body" (func $drop-outgoing (param i32)))
      ${rest}`,
    body: `${LOCALS} ${body}`,
  };
}

/** Answers with what it was asked: a header, the line and the body. */
export const HTTP_ECHO: ComponentText = httpComponent(
  `${BEGIN} ${COPY_HEADER} ${respond(201)} ${WRITE_LINE} ${COPY_BODY} ${FINISH}`,
);
