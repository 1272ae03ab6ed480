import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError, type HostCall } from '../../src/core/index.ts';
import { createTestFunction } from '../support/functions.ts';
import { compileWat, reactor, writeFd } from '../support/wasm.ts';

/** Instructions that answer with what an import gives. */
function answerWith(call: string, ...args: (string | number)[]): string {
  const params = args.map((arg) => `(i32.const ${arg})`).join(' ');
  return `(call $reply_write (i32.const 4096) (call $${call} ${params} (i32.const 4096) (i32.const 4096)))`;
}

const CALL_GET = `(i32.store (i32.const 60) (call $call (i32.const 0) (i32.const 4) (i32.const 8) (i32.const 3)
  (i32.const 16) (i32.const 5) (i32.const 0) (i32.const 0)))`;
const CALL_STRINGS =
  '(data (i32.const 0) "HOST") (data (i32.const 8) "get") (data (i32.const 16) "[\\"k\\"]")';

test('A reactor reads the message and answers', async () => {
  const strings = '(data (i32.const 0) "key") (data (i32.const 16) "X-Trace") (data (i32.const 32) "MODE")';
  const body = [
    answerWith('subject_read'),
    answerWith('data_read'),
    answerWith('param_read', 0, 3),
    answerWith('header_read', 16, 7),
    answerWith('env_read', 32, 4),
  ].join('\n');
  using probe = createTestFunction(compileWat(reactor(body, strings)), { environment: { MODE: 'fast' } });
  const headers = [['x-trace', 't1']] as const;
  assert.equal(await probe.text({ subject: 'probe.k', data: 'data', headers }), 'probe.kdatakt1fast');
});

test('What is not there is -1, and a short buffer takes a part and is told the whole length', async () => {
  const rest = '(data (i32.const 0) "none")';
  const body = `(i32.store (i32.const 16) (call $header_read (i32.const 0) (i32.const 4) (i32.const 64) (i32.const 8)))
    (i32.store (i32.const 20) (call $data_read (i32.const 64) (i32.const 2)))
    (call $reply_write (i32.const 16) (i32.const 8)) (call $reply_write (i32.const 64) (i32.const 3))`;
  using probe = createTestFunction(compileWat(reactor(body, rest)));
  const answer = await probe.call({ data: 'abcdef' });
  assert.ok(answer.ok);
  const bytes = Buffer.from(answer.outcome.payload ?? '');
  assert.deepEqual(
    [bytes.readInt32LE(0), bytes.readInt32LE(4), bytes.toString('latin1', 8)],
    [-1, 6, 'ab\0'],
  );
});

test('A reply of a reactor may have headers', async () => {
  const rest = '(data (i32.const 0) "X-Ayes")';
  const body = '(call $reply_header (i32.const 0) (i32.const 3) (i32.const 3) (i32.const 3))';
  using probe = createTestFunction(compileWat(reactor(body, rest)));
  const answer = await probe.call();
  assert.ok(answer.ok);
  assert.deepEqual(answer.outcome.headers, ['X-A', 'yes']);
});

test('What a reactor says on standard error without a line break is a line of its own message', async () => {
  const rest = '(data (i32.const 512) "half")';
  const says = writeFd(2, 512, '(i32.const 4)');
  const failing = reactor(says, rest).replace('(i32.const 0)))', '(i32.const 7)))');
  const modules = {
    'is put back': compileWat(reactor(says, rest)),
    'is used again': compileWat(reactor(says, rest), { reuse: true }),
    fails: compileWat(failing),
    'fails and is used again': compileWat(failing, { reuse: true }),
    traps: compileWat(reactor(`${says} (unreachable)`, rest)),
    'traps and suspends': compileWat(reactor(`${says} (unreachable) ${CALL_GET}`, `${rest} ${CALL_STRINGS}`)),
  };
  for (const [what, module] of Object.entries(modules)) {
    using probe = createTestFunction(module, { host: async () => ({ value: null }) });
    for (let round = 1; round <= 2; round += 1) {
      await probe.call();
      const said = probe.logs.filter(({ level }) => level === 'info').map(({ text }) => text);
      assert.deepEqual(said, Array(round).fill('half'), what);
    }
  }
});

test('What a reactor prints goes to the log line by line, apart from what it says on standard error', async () => {
  const rest = '(data (i32.const 512) "first\\nsecondhalf")';
  const body = [
    writeFd(1, 512, '(i32.const 9)'),
    writeFd(2, 524, '(i32.const 4)'),
    writeFd(1, 521, '(i32.const 3)'),
  ].join('\n');
  using probe = createTestFunction(compileWat(reactor(body, rest)));
  assert.equal(await probe.text(), '');
  assert.deepEqual(
    probe.logs.map(({ level, text }) => [level, text]),
    [
      ['info', 'first'],
      ['info', 'second'],
      ['info', 'half'],
    ],
  );
});

test('A result other than 0 is an error with its number', async () => {
  const text = reactor('', '').replace('(i32.const 0)))', '(i32.const 7)))');
  using probe = createTestFunction(compileWat(text));
  const answer = await probe.call();
  assert.ok(!answer.ok);
  assert.equal(answer.error.code, 'HS_FUNCTION_EXIT');
  assert.match(answer.error.message, /7/);
});

test('A reactor calls a host service in blocking style while others run', async () => {
  const seen: HostCall[] = [];
  const { promise: all, resolve: allSeen } = Promise.withResolvers<void>();
  const body = `${CALL_GET} ${answerWith('result_value')} ${answerWith('result_data')}`;
  using probe = createTestFunction(compileWat(reactor(body, CALL_STRINGS)), {
    host: async (call) => {
      seen.push(call);
      if (seen.length === 3) allSeen();
      await all;
      return { value: [seen.length], data: Buffer.from('data') };
    },
  });
  const answers = await Promise.all([probe.text(), probe.text(), probe.text()]);
  assert.deepEqual(answers, ['[3]data', '[3]data', '[3]data']);
  assert.deepEqual(
    seen.map(({ op, args }) => [op, args]),
    Array.from({ length: 3 }, () => ['get', ['k']]),
  );
});

test('A refused host call is a status and a code that the module can read', async () => {
  const body = `${CALL_GET} (call $reply_write (i32.const 60) (i32.const 1)) ${answerWith('result_value')}`;
  using probe = createTestFunction(compileWat(reactor(body, CALL_STRINGS)), {
    host: () => Promise.reject(new HairspringError('HS_KV_UNAVAILABLE', 'Cannot get: no answer')),
  });
  assert.equal(
    await probe.text(),
    '\x01{"code":"HS_KV_UNAVAILABLE","message":"Cannot get: no answer","retryable":true}',
  );
});

const COUNT = `(global.set $n (i32.add (global.get $n) (i32.const 1)))
  (i32.store8 (i32.const 0) (i32.add (i32.const 48) (global.get $n))) (call $reply_write (i32.const 0) (i32.const 1))`;
const COUNTER = '(global $n (mut i32) (i32.const 0))';

test('A reactor is new for each message, unless it asks to be used again', async () => {
  using fresh = createTestFunction(compileWat(reactor(COUNT, COUNTER)));
  assert.deepEqual([await fresh.text(), await fresh.text()], ['1', '1']);
  using kept = createTestFunction(compileWat(reactor(COUNT, COUNTER), { reuse: true }));
  assert.deepEqual([await kept.text(), await kept.text()], ['1', '2']);
});

test('An instance that trapped is not used again', async () => {
  const body = `${COUNT} (if (i32.eq (global.get $n) (i32.const 2)) (then (unreachable)))`;
  using probe = createTestFunction(compileWat(reactor(body, COUNTER), { reuse: true }));
  assert.equal(await probe.text(), '1');
  assert.equal(await probe.code(), 'HS_FUNCTION_THREW');
  assert.equal(await probe.text(), '1');
});

test('A pointer outside the memory ends the invocation and nothing else', async () => {
  for (const body of [
    '(call $reply_write (i32.const 65530) (i32.const 100))',
    '(call $reply_write (i32.const -1) (i32.const -1))',
    '(call $log (i32.const 99) (i32.const -5) (i32.const 10))',
    '(drop (call $data_read (i32.const 65535) (i32.const 4)))',
    '(drop (call $call (i32.const -1) (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))',
  ]) {
    using probe = createTestFunction(compileWat(reactor(body)));
    assert.equal(await probe.code({ data: 'abcd' }), 'HS_FUNCTION_THREW', body);
  }
});

test('An instance that waits for ever ends with its deadline', async () => {
  using probe = createTestFunction(compileWat(reactor(CALL_GET, CALL_STRINGS)), {
    host: () => new Promise(() => undefined),
    limits: { timeoutMs: 80 },
  });
  assert.equal(await probe.code(), 'HS_FUNCTION_TIMEOUT');
});

test('What ended while it waited holds no memory any more', async () => {
  const memoryBytes = 8 * 1024 ** 2;
  // 16 pages each: eight of them are the limit.
  const rest = `${CALL_STRINGS} (memory (export "memory") 16)`;
  using probe = createTestFunction(compileWat(reactor(CALL_GET, rest), { memoryBytes }), {
    host: () => new Promise(() => undefined),
    limits: { memoryBytes, timeoutMs: 250 },
  });
  await probe.call();
  for (let round = 0; round < 3; round += 1) {
    const codes = await Promise.all(Array.from({ length: 8 }, () => probe.code()));
    assert.deepEqual(new Set(codes), new Set(['HS_FUNCTION_TIMEOUT']), `round ${round}`);
  }
});

test('A table grows to a million elements and no further, whether or not it says where it ends', async () => {
  for (const table of ['1 funcref', '1 100000000 funcref', 'funcref (elem $none)']) {
    const body = `(local $left i32) (local.set $left (i32.const 40))
      (block $full (loop $more
        (br_if $full (i32.eq (table.grow $t (ref.null func) (i32.const 100000)) (i32.const -1)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $more (local.get $left))))
      (if (i32.gt_u (table.size $t) (i32.const 1000000)) (then (unreachable)))`;
    using probe = createTestFunction(compileWat(reactor(body, `(table $t ${table}) (func $none)`)), {
      limits: { cpuMs: 10_000, timeoutMs: 20_000 },
    });
    await probe.text();
  }
});

test('Many tables grow to a million elements together, though each could alone', async () => {
  const count = 100;
  const tables = Array.from({ length: count }, (_, index) => `(table $t${index} 0 1000000 funcref)`);
  const grow = tables.map(
    (_, index) =>
      `(drop (table.grow $t${index} (ref.null func) (i32.const 1000000)))
      (drop (table.grow $t${index} (ref.null func) (i32.const 10000)))
      (local.set $sum (i32.add (local.get $sum) (table.size $t${index})))`,
  );
  const body = `(local $sum i32) ${grow.join('\n')}
    (if (i32.ne (local.get $sum) (i32.const 1000000)) (then (unreachable)))`;
  using probe = createTestFunction(compileWat(reactor(body, tables.join('\n'))), {
    limits: { cpuMs: 10_000, timeoutMs: 20_000 },
  });
  await probe.text();
});
