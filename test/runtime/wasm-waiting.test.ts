/** Instances that wait hold no more memory together than their function may, whatever they try. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HairspringError, type HostCallResult } from '../../src/core/index.ts';
import { INVOCATION_ID_PREFIX } from '../../src/runtime/dispatch/flight.ts';
import { createTestFunction, type TestFunction, type TestFunctionOptions } from '../support/functions.ts';
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
const caught = (body: string): string =>
  `(try (do ${body}) (catch_all (call $log (i32.const 1) (i32.const 600) (i32.const 2))))`;

/** A reactor, and a host that holds the calls of each operation until it is told. */
function createWaiting(
  body: string,
  { reuse = false, ...options }: TestFunctionOptions & { readonly reuse?: boolean } = {},
) {
  const callers: number[] = [];
  const held = { get: [] as (() => void)[], end: [] as (() => void)[] };
  const probe = createTestFunction(
    compileWat(reactor(`${body} ${REPLY}`, STRINGS), { memoryBytes: MEMORY_BYTES, reuse }),
    {
      type: 'wasm',
      limits: { memoryBytes: MEMORY_BYTES },
      ...options,
      host: ({ op }, { id }) => {
        callers.push(id);
        const { promise, resolve } = Promise.withResolvers<HostCallResult>();
        held[op === 'get' ? 'get' : 'end'].push(() => resolve({ value: null }));
        return promise;
      },
    },
  );
  return {
    probe,
    held,
    callers,
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
    let over = 0;
    const outcomes = Promise.all(Array.from({ length: 6 }, () => outcome(probe).finally(() => (over += 1))));
    await until(() => held.get.length === 6);
    if (hurries) probe.runner.hurry();
    await turns();
    release('get');
    await until(() => held.end.length + over === 6);
    assert.ok(held.end.length <= 2, `${held.end.length} wait with 6 MiB each`);
    release('end');
    const ended = await outcomes;
    assert.deepEqual(
      probe.logs.filter(({ text }) => text === 'ok'),
      [],
      'one has caught it',
    );
    assert.deepEqual(new Set(ended), new Set(['HS_FUNCTION_MEMORY', 'ok']));
    assert.ok(ended.filter((one) => one === 'HS_FUNCTION_MEMORY').length >= 4, String(ended));
  });
}

test('An instance that has grown while another waits is kept for the next message only where there is room for both', async () => {
  const growsOnce = `(if (i32.lt_u (memory.size) (i32.const 90)) (then ${GROW}))`;
  const waits = `(if (call $data_read (i32.const 700) (i32.const 0)) (then ${call('get')}))`;
  using waiting = createWaiting(`${growsOnce} ${waits}`, { reuse: true });
  const { probe, held, release } = waiting;
  const first = probe.text({ data: 'wait' });
  await until(() => held.get.length === 1);
  for (let round = 0; round < 3; round += 1) assert.equal(await probe.text(), 'ok');
  release('get');
  assert.equal(await first, 'ok');
});

test('Instances that are kept for the next messages make room for one that works', async () => {
  const grows = `(if (i32.lt_u (memory.size) (i32.const 40)) (then (drop (memory.grow (i32.const 48)))))
    (if (call $data_read (i32.const 700) (i32.const 0)) (then (drop (memory.grow (i32.const 48)))))`;
  using waiting = createWaiting(`${grows} ${call('get')}`, { reuse: true });
  const { probe, held, release } = waiting;
  const pair = [probe.text(), probe.text()];
  await until(() => held.get.length === 2);
  release('get');
  assert.deepEqual(await Promise.all(pair), ['ok', 'ok']);
  const large = probe.text({ data: 'grow' });
  await Promise.race([large, until(() => held.get.length === 1)]);
  release('get');
  assert.equal(await large, 'ok');
});

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

test('An instance whose invocation ended while it waited does not go on', async () => {
  using waiting = createWaiting(`${caught(call('get'))} ${GROW} ${caught(call('end'))}`);
  const { probe, held, release, callers } = waiting;
  const cancelled = probe.code();
  await until(() => held.get.length === 1);
  const other = probe.text();
  await until(() => held.get.length === 2);
  assert.equal(probe.runner.cancel(`${INVOCATION_ID_PREFIX}${callers[0]}`), 1);
  assert.equal(await cancelled, 'HS_FUNCTION_CANCELLED');
  held.get.shift()?.();
  await turns(20);
  assert.equal(held.end.length, 0);
  assert.deepEqual(
    probe.logs.filter(({ text }) => text === 'ok'),
    [],
    'it has caught its end',
  );
  release('get');
  await until(() => held.end.length === 1);
  release('end');
  assert.equal(await other, 'ok');
});

/** In the heavy lane each of the first entries begins one call, so that the others are in the instance and wait. */
const HEAVY: TestFunctionOptions = { inlineCpuMs: 50, limits: { cpuMs: 2_000, memoryBytes: MEMORY_BYTES } };

for (const begun of [1, 60]) {
  test(`All calls of a module are cancelled and counted once when it has begun ${begun} of 60`, async () => {
    using waiting = createWaiting(call('get'), begun === 1 ? HEAVY : {});
    const { probe, held } = waiting;
    const outcomes = Promise.all(Array.from({ length: 60 }, () => outcome(probe)));
    await until(() => held.get.length >= begun);
    assert.equal(probe.runner.cancel(), 60);
    assert.deepEqual(new Set(await outcomes), new Set(['HS_FUNCTION_CANCELLED']));
    assert.equal(probe.runner.inFlight, 0);
    assert.equal(probe.runner.cancel(), 0);
  });
}

test('A module that is given up while many wait in it answers each of them once, and is idle', async () => {
  using waiting = createWaiting(call('get'), HEAVY);
  const { probe, held } = waiting;
  const outcomes = Promise.all(Array.from({ length: 60 }, () => outcome(probe)));
  await until(() => held.get.length >= 1);
  probe.runner.dispose(new HairspringError('HS_DRAINING', 'Over'));
  assert.equal(probe.runner.inFlight, 0);
  assert.deepEqual(new Set(await outcomes), new Set(['HS_DRAINING']));
});
