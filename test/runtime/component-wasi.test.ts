/** What components import of WASI: logging, configuration, clocks, random numbers and a command's streams. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answer,
  compileComponent,
  ECHO,
  type ImportText,
  RUN,
  type TypeText,
} from '../support/component/index.ts';
import { ANSWER_APPENDED, APPEND, append, CLOCK_IMPORTS } from '../support/component-texts.ts';
import { createTestFunction } from '../support/functions.ts';

const LOGGING: ImportText = {
  from: 'wasi:logging/logging',
  functions: [
    {
      name: 'log',
      params: [['enum', ['trace', 'debug', 'info', 'warn', 'error', 'critical']], 'string', 'string'],
    },
  ],
};

test('A component writes to the log', async () => {
  const rest = `(import "host" "log" (func $log (param i32 i32 i32 i32 i32))) (data (i32.const 0) "cartempty")`;
  const body = `(call $log (i32.const 3) (i32.const 0) (i32.const 4) (i32.const 4) (i32.const 5)) ${ECHO}`;
  using probe = createTestFunction(compileComponent({ body, rest, imports: [LOGGING] }));
  await probe.text();
  assert.deepEqual(probe.logs, [{ level: 'warn', text: 'cart: empty' }]);
});

test('The environment of the Nexfile is wasi:config and wasi:cli/environment', async () => {
  const imports: readonly ImportText[] = [
    {
      from: 'wasi:config/store@0.2.0-rc.1',
      functions: [
        {
          name: 'get',
          params: ['string'],
          result: [
            'result',
            ['option', 'string'],
            [
              'variant',
              [
                ['upstream', 'string'],
                ['io', 'string'],
              ],
            ],
          ],
        },
      ],
    },
    {
      from: 'wasi:cli/environment@0.2.3',
      functions: [{ name: 'get-arguments', params: [], result: ['list', 'string'] }],
    },
  ];
  const rest = `(import "host" "get" (func $get (param i32 i32 i32)))
    (import "host" "get-arguments" (func $arguments (param i32))) ${APPEND} (data (i32.const 0) "MODE")`;
  const body = `(call $get (i32.const 0) (i32.const 4) (i32.const 16))
    (if (i32.load8_u (i32.const 16)) (then (unreachable)))
    ${append('(i32.load (i32.const 24))', '(i32.load (i32.const 28))')}
    (call $arguments (i32.const 64))
    ${append('(i32.load (i32.load (i32.const 64)))', '(i32.load offset=4 (i32.load (i32.const 64)))')}
    ${append('(i32.load offset=8 (i32.load (i32.const 64)))', '(i32.load offset=12 (i32.load (i32.const 64)))')}
    ${ANSWER_APPENDED}`;
  using probe = createTestFunction(compileComponent({ body, rest, imports }), {
    environment: { MODE: 'fast' },
  });
  assert.equal(await probe.text({ subject: 'probe.k' }), 'fastprobeprobe.k');
});

test('Random numbers and clocks are there', async () => {
  const imports: readonly ImportText[] = [
    {
      from: 'wasi:random/random@0.2.0',
      functions: [{ name: 'get-random-bytes', params: ['u64'], result: ['list', 'u8'] }],
    },
    {
      from: 'wasi:clocks/wall-clock@0.2.0',
      functions: [
        {
          name: 'now',
          params: [],
          result: [
            'record',
            [
              ['seconds', 'u64'],
              ['nanoseconds', 'u32'],
            ],
          ],
        },
      ],
    },
    ...CLOCK_IMPORTS,
  ];
  const rest = `(import "host" "get-random-bytes" (func $random (param i64 i32)))
    (import "host" "now" (func $now (param i32)))
    (import "host" "subscribe-duration" (func $subscribe (param i64) (result i32)))`;
  const body = `(call $random (i64.const 8) (i32.const 0)) (call $now (i32.const 64))
    (i64.store (i32.const 16) (i64.load (i32.load (i32.const 0))))
    (i64.store (i32.const 24) (i64.load (i32.const 64)))
    (drop (call $subscribe (i64.const 1000)))
    ${answer('(i32.const 16)', '(i32.const 16)')}`;
  using probe = createTestFunction(compileComponent({ body, rest, imports }));
  const replies = [await probe.call(), await probe.call()].map((reply) => {
    assert.ok(reply.ok);
    return Buffer.from(reply.outcome.payload ?? '');
  });
  const [first, second] = replies;
  assert.ok(first !== undefined && second !== undefined);
  assert.notDeepEqual(first.subarray(0, 8), second.subarray(0, 8));
  assert.ok(Math.abs(Number(first.readBigUInt64LE(8)) - Date.now() / 1000) < 5);
});

test('A component may end by itself, which is no answer', async () => {
  const imports: readonly ImportText[] = [
    { from: 'wasi:cli/exit@0.2.0', functions: [{ name: 'exit', params: [['result', null, null]] }] },
  ];
  const rest = '(import "host" "exit" (func $exit (param i32)))';
  using probe = createTestFunction(
    compileComponent({ body: '(call $exit (i32.const 1)) (i32.const 0)', rest, imports }),
  );
  const reply = await probe.call();
  assert.ok(!reply.ok);
  assert.equal(reply.error.code, 'HS_FUNCTION_EXIT');
  assert.match(reply.error.message, /exit code 1/);
});

const STREAM_ERROR: TypeText = [
  'variant',
  [
    ['last-operation-failed', ['own', 'error']],
    ['closed', null],
  ],
];
const STREAMS: ImportText = {
  from: 'wasi:io/streams@0.2.0',
  resources: ['error', 'input-stream', 'output-stream'],
  functions: [
    {
      name: '[method]input-stream.blocking-read',
      params: [['borrow', 'input-stream'], 'u64'],
      result: ['result', ['list', 'u8'], STREAM_ERROR],
    },
    {
      name: '[method]output-stream.blocking-write-and-flush',
      params: [
        ['borrow', 'output-stream'],
        ['list', 'u8'],
      ],
      result: ['result', null, STREAM_ERROR],
    },
  ],
};

test('A command of WASI 0.2 has the payload as standard input, and answers on standard output', async () => {
  const imports: readonly ImportText[] = [
    STREAMS,
    ...['stdin', 'stdout', 'stderr'].map((stream) => ({
      from: `wasi:cli/${stream}@0.2.0`,
      outer: ['input-stream', 'output-stream'],
      functions: [
        {
          name: `get-${stream}`,
          params: [],
          result: ['own', stream === 'stdin' ? 'input-stream' : 'output-stream'] as const,
        },
      ],
    })),
  ];
  const rest = `${['stdin', 'stdout', 'stderr'].map((each) => `(import "host" "get-${each}" (func $${each} (result i32)))`).join('\n')}
    (import "host" "[method]input-stream.blocking-read" (func $read (param i32 i64 i32)))
    (import "host" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
    (data (i32.const 0) "first\\nsecond")`;
  const body = `(call $read (call $stdin) (i64.const 100) (i32.const 64))
    (if (i32.load8_u (i32.const 64)) (then (return (i32.const 1))))
    (call $write (call $stdout) (i32.load (i32.const 68)) (i32.load (i32.const 72)) (i32.const 128))
    (call $write (call $stderr) (i32.const 0) (i32.const 12) (i32.const 128))
    (i32.const 0)`;
  using probe = createTestFunction(
    compileComponent({ body, rest, imports, handler: RUN, exportedIn: 'wasi:cli/run@0.2.0' }),
  );
  assert.equal(await probe.text({ data: 'stdin' }), 'stdin');
  assert.deepEqual(
    probe.logs.map(({ text }) => text),
    ['first', 'second'],
  );
  // There is nothing to read, so it ends with an error.
  assert.equal(await probe.code({ data: '' }), 'HS_FUNCTION_EXIT');
});
