import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Binding, HairspringError, type HostCall } from '../../src/core/index.ts';
import {
  answer,
  compileComponent,
  ECHO,
  type ImportText,
  RESULT,
  RUN,
  storeReply,
  type TypeText,
} from '../support/component/index.ts';
import { CLOCK_IMPORTS, KV_GET, sleeper } from '../support/component-texts.ts';
import { createTestFunction } from '../support/functions.ts';

/** Instructions that copy `length` bytes to `to`, and move `to` on. */
const APPEND = `(func $append (param $at i32) (param $length i32)
    (memory.copy (global.get $end) (local.get $at) (local.get $length))
    (global.set $end (i32.add (global.get $end) (local.get $length))))
  (global $end (mut i32) (i32.const 2048))`;
const ANSWER_APPENDED = answer('(i32.const 2048)', '(i32.sub (global.get $end) (i32.const 2048))');

const append = (pointer: string, length: string): string => `(call $append ${pointer} ${length})`;
const field = (record: string, offset: number): string =>
  `(i32.load offset=${offset} (local.get $${record}))`;

test('A component reads the message and answers', async () => {
  const body = `
    ${append('(local.get $subject)', '(local.get $subjectLength)')}
    ${append('(local.get $data)', '(local.get $dataLength)')}
    ${append(field('headers', 0), field('headers', 4))} ${append(field('headers', 8), field('headers', 12))}
    ${append(field('params', 0), field('params', 4))} ${append(field('params', 8), field('params', 12))}
    ${ANSWER_APPENDED}`;
  using probe = createTestFunction(compileComponent({ body, rest: APPEND }));
  const headers = [['x-trace', 't1']] as const;
  assert.equal(
    await probe.text({ subject: 'probe.grün', data: 'data', headers }),
    'probe.gründatax-tracet1keygrün',
  );
});

test('A reply may have headers, several of one name too', async () => {
  const rest =
    '(data (i32.const 0) "X-Ayesno") (data (i32.const 64) "\\00\\00\\00\\00\\03\\00\\00\\00\\03\\00\\00\\00\\03\\00\\00\\00\\00\\00\\00\\00\\03\\00\\00\\00\\06\\00\\00\\00\\02\\00\\00\\00")';
  const body = `${storeReply('(local.get $data)', '(local.get $dataLength)')}
    (i32.store (i32.const 1036) (i32.const 64)) (i32.store (i32.const 1040) (i32.const 2)) ${RESULT}`;
  using probe = createTestFunction(compileComponent({ body, rest }));
  const reply = await probe.call({ data: 'body' });
  assert.ok(reply.ok);
  assert.equal(reply.text, 'body');
  assert.deepEqual(reply.outcome.headers, ['X-A', 'yes', 'X-A', 'no']);
});

test('An error of the handler reaches the caller with its text', async () => {
  const rest = '(data (i32.const 0) "no such page")';
  const body = `(i32.store8 (i32.const 1024) (i32.const 1)) (i32.store (i32.const 1028) (i32.const 0))
    (i32.store (i32.const 1032) (i32.const 12)) ${RESULT}`;
  using probe = createTestFunction(compileComponent({ body, rest }));
  const reply = await probe.call();
  assert.ok(!reply.ok);
  assert.equal(reply.error.code, 'HS_FUNCTION_THREW');
  assert.match(reply.error.message, /no such page/);
});

const COUNT = `(global $n (mut i32) (i32.const 48))`;
const COUNT_BODY = `(global.set $n (i32.add (global.get $n) (i32.const 1)))
  (i32.store8 (i32.const 0) (global.get $n)) (i32.store8 (i32.const 1) (i32.add (i32.const 48) (i32.load8_u (i32.const 5000))))
  (i32.store8 (i32.const 5000) (i32.const 1)) ${answer('(i32.const 0)', '(i32.const 2)')}`;

test('Each message has an instance of its own, with a memory of zeros', async () => {
  using probe = createTestFunction(compileComponent({ body: COUNT_BODY, rest: COUNT }));
  assert.deepEqual([await probe.text(), await probe.text(), await probe.text()], ['10', '10', '10']);
});

test('What traps ends its own invocation with a code', async () => {
  const cases: readonly (readonly [body: string, rest?: string])[] = [
    ['(unreachable)'],
    // A reply outside of the memory, and parts of one.
    ['(i32.const -8)'],
    [answer('(i32.const -1)', '(i32.const 10)')],
    [answer('(i32.const 0)', '(i32.const -1)')],
    [`${storeReply('(i32.const 0)', '(i32.const 0)')} (i32.store (i32.const 1040) (i32.const -1)) ${RESULT}`],
    // A case that a result does not have.
    ['(i32.store8 (i32.const 1024) (i32.const 9)) (i32.const 1024)'],
    ['(call $deep) (i32.const 0)', '(func $deep (call $deep))'],
  ];
  for (const [body, rest = ''] of cases) {
    using probe = createTestFunction(compileComponent({ body, rest }));
    assert.equal(await probe.code({ data: 'abcd' }), 'HS_FUNCTION_THREW', body);
    assert.equal(await probe.code({ data: 'abcd' }), 'HS_FUNCTION_THREW', body);
  }
});

test('A loop without an end is ended by the CPU limit, and a neighbour answers', async () => {
  const body = `(if (i32.eqz (local.get $dataLength)) (then (loop $on (br $on)))) ${ECHO}`;
  using probe = createTestFunction(compileComponent({ body }), { limits: { cpuMs: 50 } });
  const [first, second] = await Promise.all([probe.call(), probe.call({ data: 'me' })]);
  assert.ok(!first.ok);
  assert.equal(first.error.code, 'HS_FUNCTION_CPU');
  assert.ok(second.ok);
  assert.equal(await probe.text({ data: 'after' }), 'after');
});

test('A memory grows to the limit and no further', async () => {
  const body = `(block $full (loop $more
      (br_if $full (i32.eq (memory.grow (i32.const 16)) (i32.const -1))) (br $more)))
    (i32.store (i32.const 0) (memory.size)) ${answer('(i32.const 0)', '(i32.const 4)')}`;
  using probe = createTestFunction(compileComponent({ body }, { memoryBytes: 8 * 1024 ** 2 }), {
    limits: { memoryBytes: 8 * 1024 ** 2 },
  });
  const reply = await probe.call();
  assert.ok(reply.ok);
  const pages = Buffer.from(reply.outcome.payload ?? '').readUInt32LE(0);
  assert.ok(pages > 100 && pages <= 128, `${pages} pages`);
});

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

const KV: Binding = { service: 'kv', bucket: 'host', access: 'read-write', keys: '>', existing: true };
test('A component calls a host service in blocking style while others run', async () => {
  const seen: HostCall[] = [];
  const { promise: all, resolve: allSeen } = Promise.withResolvers<void>();
  using probe = createTestFunction(compileComponent(KV_GET, { bindings: { HOST: KV } }), {
    host: async (call) => {
      seen.push(call);
      if (seen.length === 3) allSeen();
      await all;
      return { value: [seen.length, 0], data: Buffer.from('value') };
    },
  });
  const answers = await Promise.all([probe.text(), probe.text(), probe.text()]);
  assert.deepEqual(answers, ['value', 'value', 'value']);
  assert.deepEqual(
    seen.map(({ op, args }) => [op, args]),
    Array.from({ length: 3 }, () => ['get', ['k']]),
  );
});

test('A refused host call is an error that the component can read', async () => {
  for (const [code, expected] of [
    ['HS_BINDING_DENIED', '1'],
    ['HS_KV_UNAVAILABLE', '2'],
  ] as const) {
    using probe = createTestFunction(compileComponent(KV_GET, { bindings: { HOST: KV } }), {
      host: () => Promise.reject(new HairspringError(code, 'Cannot get')),
    });
    assert.equal(await probe.text(), expected);
  }
});

test('A component that waits for ever ends with its deadline', async () => {
  using probe = createTestFunction(compileComponent(KV_GET, { bindings: { HOST: KV } }), {
    host: () => new Promise(() => undefined),
    limits: { timeoutMs: 80 },
  });
  assert.equal(await probe.code(), 'HS_FUNCTION_TIMEOUT');
});

test('A component that waits for a clock lets others run', async () => {
  using probe = createTestFunction(compileComponent(sleeper(30)));
  await probe.text();
  const started = performance.now();
  const ids = Array.from({ length: 20 }, (_, index) => `n${index}`);
  assert.deepEqual(await Promise.all(ids.map((data) => probe.text({ data }))), ids);
  const tookMs = performance.now() - started;
  assert.ok(tookMs >= 29 && tookMs < 20 * 30, `20 sleeps of 30 ms took ${tookMs} ms`);
});

const MEMORY_BYTES = 8 * 1024 ** 2;

test('A component whose invocations keep ending while it waits is given another isolate, which frees what they held', async () => {
  using probe = createTestFunction(compileComponent(sleeper(60_000)), {
    type: 'wasm',
    // Long enough for all of them to begin.
    limits: { timeoutMs: 1_000 },
  });
  const codes = await Promise.all(Array.from({ length: 40 }, () => probe.code()));
  assert.deepEqual([...new Set(codes)], ['HS_FUNCTION_TIMEOUT']);
  assert.equal(await probe.code(), 'HS_FUNCTION_TIMEOUT');
  assert.ok(probe.runner.stats().coldReasons.recycled >= 1, JSON.stringify(probe.runner.stats().coldReasons));
});

test('Instances that wait hold the limit of memory together; what ended while it waited holds nothing', async () => {
  // 16 pages each: eight of them are the limit.
  const text = { ...sleeper(60_000), memory: '16' };
  using probe = createTestFunction(compileComponent(text, { memoryBytes: MEMORY_BYTES }), {
    // Long enough for all of them to begin.
    limits: { memoryBytes: MEMORY_BYTES, timeoutMs: 800 },
  });
  await probe.call();
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all(Array.from({ length: 12 }, () => probe.code()));
    assert.deepEqual(answers.filter((code) => code === 'HS_FUNCTION_MEMORY').length, 4, `round ${round}`);
    assert.deepEqual(answers.filter((code) => code === 'HS_FUNCTION_TIMEOUT').length, 8, `round ${round}`);
  }
});

test('A handle that was dropped, or is of another type, ends the invocation', async () => {
  for (const handle of ['(i32.load (i32.const 20))', '(i32.const 7)', '(i32.const -1)']) {
    const body = KV_GET.body.replace(
      '(call $get (i32.load (i32.const 20))',
      `(call $drop (i32.load (i32.const 20))) (call $get ${handle}`,
    );
    using probe = createTestFunction(compileComponent({ ...KV_GET, body }, { bindings: { HOST: KV } }), {
      host: () => Promise.resolve({ value: null }),
    });
    assert.equal(await probe.code(), 'HS_FUNCTION_THREW');
  }
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

/** Enough to see what stays of each; the soak has more of them. */
const ROUNDS = 20;
const AT_ONCE = 50;

test('A thousand invocations leave nothing behind, those that trap or are cut off neither', async () => {
  const body = `(if (i32.eq (local.get $dataLength) (i32.const 1)) (then (unreachable)))
    (drop (memory.grow (i32.const 8))) ${ECHO}`;
  using probe = createTestFunction(compileComponent({ body }));
  const round = async (): Promise<void> => {
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) => probe.call({ data: index % 2 === 0 ? 'x' : 'fine' })),
    );
  };
  await round();
  await round();
  const before = process.memoryUsage.rss();
  for (let count = 0; count < ROUNDS; count += 1) await round();
  const grownBytes = process.memoryUsage.rss() - before;
  // One page of memory kept of each would be 65 MB, and what each grows to 590 MB.
  assert.ok(grownBytes < 48e6, `${(grownBytes / 1e6).toFixed(0)} MB more`);
});
