import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction } from '../support/functions.ts';
import { command, compileWat, writeFd } from '../support/wasm.ts';

const ECHO = `(i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 60000))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  ${writeFd(1, 1024, '(i32.load (i32.const 8))')}`;

test('A command reads its payload from standard input and answers with standard output', async () => {
  using probe = createTestFunction(compileWat(command(ECHO)));
  for (const data of ['one', '', 'zwei ü', 'x'.repeat(5_000)]) assert.equal(await probe.text({ data }), data);
});

test('A command is given its name, the subject and its environment', async () => {
  const body = `(drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $args_get (i32.const 64) (i32.const 1024)))
    (drop (call $environ_sizes_get (i32.const 24) (i32.const 28)))
    (drop (call $environ_get (i32.const 128) (i32.add (i32.const 1024) (i32.load (i32.const 20)))))
    ${writeFd(1, 1024, '(i32.add (i32.load (i32.const 20)) (i32.load (i32.const 28)))')}`;
  using probe = createTestFunction(compileWat(command(body)), {
    name: 'named',
    environment: { A: '1', B: 'ü' },
  });
  assert.equal(await probe.text({ subject: 'probe.x' }), 'named\0probe.x\0A=1\0B=ü\0');
});

test('A command begins each time with the memory that its module describes', async () => {
  const body = `${writeFd(1, 512, '(i32.const 3)')}
    (i32.store8 (i32.const 512) (i32.const 88)) (i32.store8 (i32.const 60000) (i32.const 88))
    ${writeFd(1, 60_000, '(i32.const 1)')}`;
  const rest = '(data (i32.const 512) "abc") (global $g (mut i32) (i32.const 0))';
  using probe = createTestFunction(compileWat(command(body, rest)));
  for (let index = 0; index < 3; index += 1) assert.equal(await probe.text(), 'abcX');
  const leak = `${writeFd(1, 60_000, '(i32.const 1)')} (i32.store8 (i32.const 60000) (i32.const 88))`;
  using second = createTestFunction(compileWat(command(leak)));
  for (let index = 0; index < 3; index += 1) assert.equal(await second.text(), '\0');
});

test('An exit code other than 0 is an error, and 0 is not', async () => {
  const exit = (code: number) =>
    compileWat(
      command(
        `${writeFd(1, 512, '(i32.const 2)')} (call $proc_exit (i32.const ${code}))`,
        '(data (i32.const 512) "ok")',
      ),
    );
  using bad = createTestFunction(exit(3));
  const answer = await bad.call();
  assert.ok(!answer.ok);
  assert.equal(answer.error.code, 'HS_FUNCTION_EXIT');
  assert.match(answer.error.message, /exit code 3/);
  using good = createTestFunction(exit(0));
  assert.equal(await good.text(), 'ok');
});

test('Standard error goes to the log line by line', async () => {
  const rest = '(data (i32.const 512) "first\\nsecond")';
  using probe = createTestFunction(compileWat(command(writeFd(2, 512, '(i32.const 12)'), rest)));
  assert.equal(await probe.text(), '');
  assert.deepEqual(
    probe.logs.map(({ text }) => text),
    ['first', 'second'],
  );
});

test('A long line on standard error is cut into several, of which nothing is missing', async () => {
  const said = `${'x'.repeat(20_000)}\nshort\n`;
  const rest = `(data (i32.const 1024) "${said.replaceAll('\n', '\\n')}")`;
  using probe = createTestFunction(compileWat(command(writeFd(2, 1024, `(i32.const ${said.length})`), rest)));
  await probe.text();
  assert.deepEqual(
    probe.logs.map(({ text }) => text),
    ['x'.repeat(8_192), 'x'.repeat(8_192), 'x'.repeat(3_616), 'short'],
  );
});

test('A trap fails its invocation alone, and the next one is served', async () => {
  const body = `(i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 10))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (if (i32.load (i32.const 8)) (then (unreachable)))`;
  using probe = createTestFunction(compileWat(command(body)));
  const answers = await Promise.all([probe.call(), probe.call({ data: 'x' }), probe.call()]);
  assert.deepEqual(
    answers.map(({ ok }) => ok),
    [true, false, true],
  );
  assert.equal(await probe.code({ data: 'x' }), 'HS_FUNCTION_THREW');
});

test('An endless loop and endless recursion end with an error, and the next message is served', async () => {
  const looping = command(`(i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 10))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (if (i32.load (i32.const 8)) (then (loop $again (br $again))))`);
  using probe = createTestFunction(compileWat(looping), { limits: { cpuMs: 500 } });
  assert.equal(await probe.code({ data: 'x' }), 'HS_FUNCTION_CPU');
  assert.equal(await probe.text(), '');
  using deep = createTestFunction(compileWat(command('(call $deep)', '(func $deep (call $deep))')));
  assert.equal(await deep.code(), 'HS_FUNCTION_THREW');
});

test('Memory grows to the limit and not beyond', async () => {
  const body = `(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (i32.store (i32.const 16) (memory.size)) ${writeFd(1, 16, '(i32.const 4)')}`;
  using probe = createTestFunction(compileWat(command(body), { memoryBytes: 16 * 1024 ** 2 }));
  for (let index = 0; index < 3; index += 1) {
    const answer = await probe.call();
    assert.ok(answer.ok);
    assert.equal(Buffer.from(answer.outcome.payload ?? '').readUInt32LE(), 256);
  }
});

test('A start function runs in the process of its own message', async () => {
  const rest = `(start $init) (func $init
    (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $args_get (i32.const 64) (i32.const 1024)))
    (i32.store (i32.const 0) (i32.add (i32.const 1024) (i32.load (i32.const 20)))) (i32.store (i32.const 4) (i32.const 100))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 24) (i32.add (i32.load (i32.const 20)) (i32.load (i32.const 8)))))`;
  const body = writeFd(1, 1024, '(i32.load (i32.const 24))');
  const sleeps = '(drop (call $poll_oneoff (i32.const 0) (i32.const 256) (i32.const 0) (i32.const 512)))';
  for (const module of [command(body, rest), command(`${body} ${sleeps}`, rest)]) {
    using probe = createTestFunction(compileWat(module));
    for (const data of ['one', 'second', '3'])
      assert.equal(await probe.text({ subject: `probe.${data}`, data }), `probe\0probe.${data}\0${data}`);
  }
});

test('A start function that catches what the host throws has asked it nevertheless', async () => {
  const rest = `(start $init) (func $init
    (try (do (drop (call $random_get (i32.const 1024) (i32.const 8)))) (catch_all)))`;
  using probe = createTestFunction(compileWat(command(writeFd(1, 1024, '(i32.const 8)'), rest)));
  const answers = new Set<string>();
  for (let round = 0; round < 5; round += 1) answers.add(await probe.text());
  assert.equal(answers.size, 5);
});

test('A wild pointer given to the host is an error number, and harms nobody', async () => {
  const body = `(i32.store (i32.const 16) (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 0) (i32.const 65000)) (i32.store (i32.const 4) (i32.const 100000))
    (i32.store (i32.const 20) (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 24) (call $random_get (i32.const 1000) (i32.const -1)))
    ${writeFd(1, 16, '(i32.const 12)')}`;
  using probe = createTestFunction(compileWat(command(body)));
  const answer = await probe.call();
  assert.ok(answer.ok);
  const bytes = Buffer.from(answer.outcome.payload ?? '');
  assert.deepEqual([bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8)], [21, 21, 21]);
});

test('A command that sleeps lets others run meanwhile', async () => {
  const rest = `(func $sleep (i64.store (i32.const 24) (i64.const 200000000)) (i32.store (i32.const 16) (i32.const 1))
    (drop (call $poll_oneoff (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 512))))`;
  using probe = createTestFunction(
    compileWat(
      command(`(call $sleep) ${writeFd(1, 600, '(i32.const 2)')}`, `(data (i32.const 600) "ok") ${rest}`),
    ),
  );
  const startedMs = performance.now();
  const answers = await Promise.all(Array.from({ length: 20 }, () => probe.text()));
  const elapsedMs = performance.now() - startedMs;
  assert.deepEqual(
    answers,
    Array.from({ length: 20 }, () => 'ok'),
  );
  assert.ok(elapsedMs >= 199 && elapsedMs < 20 * 200, `20 sleeps of 200 ms took ${elapsedMs} ms`);
});

test('A command finds the files that it was deployed with, and writes to none of another run', async () => {
  const body = `(drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 512) (i32.const 9) (i32.const 0)
      (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 16)))
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 100))
    (drop (call $fd_read (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 20) (i32.load (i32.const 8)))
    ${writeFd(1, 1024, '(i32.load (i32.const 20))')}
    (i32.store (i32.const 0) (i32.const 512)) (i32.store (i32.const 4) (i32.const 4))
    (drop (call $fd_write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 8)))`;
  const module = compileWat(command(body, '(data (i32.const 512) "dir/a.txt")'), {
    files: { 'dir/a.txt': 'hello' },
  });
  using probe = createTestFunction(module);
  for (let index = 0; index < 3; index += 1) assert.equal(await probe.text(), 'hello');
});
