/** Components that use wasi:blobstore: its interfaces, and instructions for what tests do with them. */
import { type ComponentText, type ImportText, RESULT, storeReply, type TypeText } from './component/index.ts';

const fallible = (ok: TypeText | null): TypeText => ['result', ok, 'string'];
const SELF: TypeText = ['borrow', 'container'];
const METADATA: TypeText = [
  'record',
  [
    ['name', 'string'],
    ['container', 'string'],
    ['created-at', 'u64'],
    ['size', 'u64'],
  ],
];
const OBJECT_ID: TypeText = [
  'record',
  [
    ['container', 'string'],
    ['object', 'string'],
  ],
];
const STREAM_ERROR: TypeText = [
  'variant',
  [
    ['last-operation-failed', ['own', 'error']],
    ['closed', null],
  ],
];
const streaming = (ok: TypeText | null): TypeText => ['result', ok, STREAM_ERROR];

const IMPORTS: readonly ImportText[] = [
  {
    from: 'wasi:io/error@0.2.2',
    resources: ['error'],
    functions: [{ name: '[method]error.to-debug-string', params: [['borrow', 'error']], result: 'string' }],
  },
  {
    from: 'wasi:io/poll@0.2.2',
    resources: ['pollable'],
    functions: [
      { name: '[method]pollable.ready', params: [['borrow', 'pollable']], result: 'bool' },
      { name: '[method]pollable.block', params: [['borrow', 'pollable']] },
    ],
  },
  {
    from: 'wasi:io/streams@0.2.2',
    outer: ['error', 'pollable'],
    resources: ['input-stream', 'output-stream'],
    functions: [
      {
        name: '[method]input-stream.read',
        params: [['borrow', 'input-stream'], 'u64'],
        result: streaming(['list', 'u8']),
      },
      {
        name: '[method]input-stream.blocking-read',
        params: [['borrow', 'input-stream'], 'u64'],
        result: streaming(['list', 'u8']),
      },
      {
        name: '[method]input-stream.subscribe',
        params: [['borrow', 'input-stream']],
        result: ['own', 'pollable'],
      },
      {
        name: '[method]output-stream.check-write',
        params: [['borrow', 'output-stream']],
        result: streaming('u64'),
      },
      {
        name: '[method]output-stream.write',
        params: [
          ['borrow', 'output-stream'],
          ['list', 'u8'],
        ],
        result: streaming(null),
      },
      {
        name: '[method]output-stream.blocking-write-and-flush',
        params: [
          ['borrow', 'output-stream'],
          ['list', 'u8'],
        ],
        result: streaming(null),
      },
      {
        name: '[method]output-stream.subscribe',
        params: [['borrow', 'output-stream']],
        result: ['own', 'pollable'],
      },
      {
        name: '[method]output-stream.blocking-splice',
        params: [['borrow', 'output-stream'], ['borrow', 'input-stream'], 'u64'],
        result: streaming('u64'),
      },
    ],
  },
  {
    from: 'wasi:blobstore/types@0.2.0-draft',
    outer: ['input-stream', 'output-stream'],
    resources: ['outgoing-value', 'incoming-value'],
    functions: [
      { name: '[static]outgoing-value.new-outgoing-value', params: [], result: ['own', 'outgoing-value'] },
      {
        name: '[method]outgoing-value.outgoing-value-write-body',
        params: [['borrow', 'outgoing-value']],
        result: ['result', ['own', 'output-stream'], null],
      },
      {
        name: '[static]outgoing-value.finish',
        params: [['own', 'outgoing-value']],
        result: fallible(null),
      },
      {
        name: '[static]incoming-value.incoming-value-consume-sync',
        params: [['own', 'incoming-value']],
        result: fallible(['list', 'u8']),
      },
      {
        name: '[static]incoming-value.incoming-value-consume-async',
        params: [['own', 'incoming-value']],
        result: fallible(['own', 'input-stream']),
      },
      { name: '[method]incoming-value.size', params: [['borrow', 'incoming-value']], result: 'u64' },
    ],
  },
  {
    from: 'wasi:blobstore/container@0.2.0-draft',
    outer: ['outgoing-value', 'incoming-value'],
    resources: ['container', 'stream-object-names'],
    functions: [
      {
        name: '[method]container.get-data',
        params: [SELF, 'string', 'u64', 'u64'],
        result: fallible(['own', 'incoming-value']),
      },
      {
        name: '[method]container.write-data',
        params: [SELF, 'string', ['borrow', 'outgoing-value']],
        result: fallible(null),
      },
      {
        name: '[method]container.list-objects',
        params: [SELF],
        result: fallible(['own', 'stream-object-names']),
      },
      { name: '[method]container.delete-object', params: [SELF, 'string'], result: fallible(null) },
      { name: '[method]container.has-object', params: [SELF, 'string'], result: fallible('bool') },
      { name: '[method]container.object-info', params: [SELF, 'string'], result: fallible(METADATA) },
      { name: '[method]container.clear', params: [SELF], result: fallible(null) },
      {
        name: '[method]stream-object-names.read-stream-object-names',
        params: [['borrow', 'stream-object-names'], 'u64'],
        result: fallible(['tuple', [['list', 'string'], 'bool']]),
      },
    ],
  },
  {
    from: 'wasi:blobstore/blobstore@0.2.0-draft',
    outer: ['container'],
    functions: [
      { name: 'create-container', params: ['string'], result: fallible(['own', 'container']) },
      { name: 'get-container', params: ['string'], result: fallible(['own', 'container']) },
      { name: 'container-exists', params: ['string'], result: fallible('bool') },
      { name: 'copy-object', params: [OBJECT_ID, OBJECT_ID], result: fallible(null) },
      { name: 'move-object', params: [OBJECT_ID, OBJECT_ID], result: fallible(null) },
    ],
  },
];

const i32s = (count: number): string => `(param ${'i32 '.repeat(count)})`;
const CORE: readonly (readonly [name: string, called: string, type: string])[] = [
  ['[method]error.to-debug-string', 'describe', i32s(2)],
  ['[method]pollable.ready', 'ready', `${i32s(1)} (result i32)`],
  ['[method]pollable.block', 'block', i32s(1)],
  ['[method]input-stream.read', 'read', '(param i32 i64 i32)'],
  ['[method]input-stream.blocking-read', 'blocking-read', '(param i32 i64 i32)'],
  ['[method]input-stream.subscribe', 'subscribe-in', `${i32s(1)} (result i32)`],
  ['[method]output-stream.check-write', 'check-write', i32s(2)],
  ['[method]output-stream.write', 'write', i32s(4)],
  ['[method]output-stream.blocking-write-and-flush', 'blocking-write', i32s(4)],
  ['[method]output-stream.subscribe', 'subscribe-out', `${i32s(1)} (result i32)`],
  ['[method]output-stream.blocking-splice', 'splice', '(param i32 i32 i64 i32)'],
  ['[static]outgoing-value.new-outgoing-value', 'new-value', '(result i32)'],
  ['[method]outgoing-value.outgoing-value-write-body', 'body', i32s(2)],
  ['[static]outgoing-value.finish', 'finish', i32s(2)],
  ['[static]incoming-value.incoming-value-consume-sync', 'consume', i32s(2)],
  ['[static]incoming-value.incoming-value-consume-async', 'consume-stream', i32s(2)],
  ['[method]incoming-value.size', 'size', `${i32s(1)} (result i64)`],
  ['[method]container.get-data', 'get-data', '(param i32 i32 i32 i64 i64 i32)'],
  ['[method]container.write-data', 'write-data', i32s(5)],
  ['[method]container.list-objects', 'list', i32s(2)],
  ['[method]container.delete-object', 'delete', i32s(4)],
  ['[method]container.has-object', 'has', i32s(4)],
  ['[method]container.object-info', 'info', i32s(4)],
  ['[method]container.clear', 'clear', i32s(2)],
  ['[method]stream-object-names.read-stream-object-names', 'read-names', '(param i32 i64 i32)'],
  ['create-container', 'create-container', i32s(3)],
  ['get-container', 'get-container', i32s(3)],
  ['container-exists', 'container-exists', i32s(3)],
  ['copy-object', 'copy', i32s(9)],
  ['move-object', 'move', i32s(9)],
  ['drop outgoing-value', 'drop-value', i32s(1)],
  ['drop input-stream', 'drop-input', i32s(1)],
  ['drop output-stream', 'drop-output', i32s(1)],
];

/** Where results are written. */
const AT = 512;
/** A part of the last result. */
export const at = (offset: number): string => `(i32.load offset=${offset} (i32.const ${AT}))`;
/** A call whose last parameter is where its result goes. */
export const call = (called: string, ...args: readonly string[]): string =>
  `(call $${called} ${args.join(' ')} (i32.const ${AT}))`;
/** Ends the handler with bytes of the memory. */
export const reply = (pointer: string, length: string): string =>
  `${storeReply(pointer, length)} (return ${RESULT})`;
/** Answers with the error of the last result, when it is one. */
export const OR_ERROR: string = `(if (i32.load8_u (i32.const ${AT})) (then ${reply(at(4), at(8))}))`;
/** The same for a stream: how it ended, or the text of its error. */
export const OR_STREAM_ERROR: string = `(if (i32.load8_u (i32.const ${AT})) (then
  (if (i32.load8_u (i32.const ${AT + 4})) (then ${reply('(i32.const 100)', '(i32.const 6)')}))
  (call $describe ${at(8)} (i32.const ${AT})) ${reply(at(0), at(4))}))`;
/** The payload, which is the name of an object. */
export const NAME = '(local.get $data) (local.get $dataLength)';
export const LABEL = '(i32.const 0) (i32.const 6)';
export const OTHER = '(i32.const 8) (i32.const 5)';

/** A component that has got the container of the binding PHOTOS as `$container`. */
export function blobComponent(body: string, { rest = '', memory = '40' } = {}): ComponentText {
  return {
    imports: IMPORTS,
    memory,
    rest: `${CORE.map(([name, called, type]) => `(import "host" "${name}" (func $${called} ${type}))`).join('\n')}
      (data (i32.const 0) "PHOTOS\\00\\00OTHER") (data (i32.const 100) "closed") ${rest}`,
    body: `(local $container i32) (local $value i32) (local $stream i32) (local $from i32) (local $end i32) (local $n i32)
      ${call('get-container', LABEL)} ${OR_ERROR} (local.set $container ${at(4)})
      ${body}`,
  };
}

/** A new value for the object that the payload names, and its body as `$stream`. */
export const BEGIN_WRITE: string = `(local.set $value (call $new-value))
  ${call('body', '(local.get $value)')} (local.set $stream ${at(4)})
  ${call('write-data', '(local.get $container)', NAME, '(local.get $value)')} ${OR_ERROR}`;

/** Answers with `done`, or why the value was not. */
export const FINISH: string = `(call $drop-output (local.get $stream))
  ${call('finish', '(local.get $value)')} ${OR_ERROR}
  (i32.store (i32.const 200) (i32.const 0x656e6f64)) ${reply('(i32.const 200)', '(i32.const 4)')}`;

/** The whole of an object, or a part, as `$value`. */
export const getData = (start: number, end: string): string => `
  ${call('get-data', '(local.get $container)', NAME, `(i64.const ${start})`, `(i64.const ${end})`)} ${OR_ERROR}
  (local.set $value ${at(4)})`;
export const TO_ITS_END = '-1';
