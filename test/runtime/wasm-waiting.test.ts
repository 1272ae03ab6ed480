/** Instances that wait hold no more memory together than their function may, whatever they try. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestFunction, type TestFunction } from '../support/functions.ts';
import { turns, until } from '../support/turns.ts';
import { compileWat, reactor } from '../support/wasm.ts';

const MEMORY_BYTES = 8 * 1024 ** 2;
/** Two of them are more than that. */
const GROW = '(drop (memory.grow (i32.const 96)))';
const REPLY = '(call $reply_write (i32.const 600) (i32.const 2))';
const STRINGS = `(data (i32.const 600) "ok") (data (i32.const 608) "HOST") (data (i32.const 616) "[]")
  (data (i32.const 624) "get") (data (i32.const 632) "end")`;

const call = (op: 'get' | 'end'): string =>
  `(drop (call $call (i32.const 608) (i32.const 4) (i32.const ${op === 'get' ? 624 : 632}) (i32.const 3)
    (i32.const 616) (i32.const 2) (i32.const 0) (i32.const 0)))`;
const caught = (body: string): string => `(try (do ${body}) (catch_all))`;

/** A reactor, and a host that holds the calls of each operation until it is told. */
function createWaiting(body: string) {
  const held = { get: [] as (() => void)[], end: [] as (() => void)[] };
  const probe = createTestFunction(
    compileWat(reactor(`${body} ${REPLY}`, STRINGS), { memoryBytes: MEMORY_BYTES }),
    {
      limits: { memoryBytes: MEMORY_BYTES },
      host: ({ op }) =>
        new Promise((resolve) => held[op === 'get' ? 'get' : 'end'].push(() => resolve({ value: null }))),
    },
  );
  return {
    probe,
    held,
    release(op: 'get' | 'end'): void {
      for (const go of held[op].splice(0)) go();
    },
    [Symbol.dispose]: () => probe[Symbol.dispose](),
  };
}

async function outcome(probe: TestFunction): Promise<string> {
  const answer = await probe.call();
  return answer.ok ? answer.text : answer.error.code;
}

const GROWERS: Readonly<Record<string, readonly [body: string, hurries: boolean]>> = {
  'grow before they wait again': [`${call('get')} ${GROW} ${call('end')}`, false],
  'were told to hurry': [`${call('get')} ${GROW} ${call('end')}`, true],
  'catch what ends them': [`${caught(call('get'))} ${GROW} ${caught(call('end'))}`, false],
};

for (const [what, [body, hurries]] of Object.entries(GROWERS)) {
  test(`Of instances that ${what} those end that are too many`, async () => {
    using waiting = createWaiting(body);
    const { probe, held, release } = waiting;
    const outcomes = Promise.all(Array.from({ length: 6 }, () => outcome(probe)));
    await until(() => held.get.length === 6);
    if (hurries) probe.runner.hurry();
    await turns();
    release('get');
    await turns(20);
    assert.ok(held.end.length <= 2, `${held.end.length} wait with 6 MiB each`);
    release('end');
    const ended = await outcomes;
    assert.deepEqual(new Set(ended), new Set(['HS_FUNCTION_MEMORY', 'ok']));
    assert.ok(ended.filter((one) => one === 'HS_FUNCTION_MEMORY').length >= 4, String(ended));
  });
}

test('The same holds while they sleep', async () => {
  const rest = `${STRINGS} (func $sleep (param $ns i64) (i64.store (i32.const 24) (local.get $ns))
    (i32.store (i32.const 16) (i32.const 1))
    (drop (call $poll_oneoff (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 512))))`;
  const body = `(call $sleep (i64.const 30000000)) ${GROW} (call $sleep (i64.const 400000000)) ${REPLY}`;
  using probe = createTestFunction(compileWat(reactor(body, rest), { memoryBytes: MEMORY_BYTES }), {
    limits: { memoryBytes: MEMORY_BYTES },
  });
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => outcome(probe)));
  assert.deepEqual(new Set(outcomes), new Set(['HS_FUNCTION_MEMORY', 'ok']));
});

test('An instance whose invocation ended while it waited does not wait again', async () => {
  using waiting = createWaiting(`${caught(call('get'))} ${GROW} ${caught(call('end'))}`);
  const { probe, held, release } = waiting;
  const brief = probe.code({ headers: [['Hairspring-Timeout-Ms', '100']] });
  await until(() => held.get.length === 1);
  const other = probe.text();
  await until(() => held.get.length === 2);
  assert.equal(await brief, 'HS_FUNCTION_TIMEOUT');
  held.get.shift()?.();
  await turns(20);
  assert.equal(held.end.length, 0);
  release('get');
  await until(() => held.end.length === 1);
  release('end');
  assert.equal(await other, 'ok');
});
