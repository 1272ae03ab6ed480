import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, compileComponent, ECHO, RESULT, storeReply } from '../support/component/index.ts';
import { ANSWER_APPENDED, APPEND, append } from '../support/component-texts.ts';
import { createTestFunction } from '../support/functions.ts';

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
