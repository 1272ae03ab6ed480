/** Cancelled invocations, the signal that tells them, and what they leave behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Binding, HostCallResult, PreparedBinding } from '../../src/core/index.ts';
import { createManualClock } from '../control/support/manual-clock.ts';
import { createTestFunction, handlerOf, type TestFunction } from '../support/functions.ts';
import { turns, until } from '../support/turns.ts';

function createGate() {
  const held: ((result: HostCallResult) => void)[] = [];
  return {
    host: (): Promise<HostCallResult> => new Promise((resolve) => held.push(resolve)),
    get count() {
      return held.length;
    },
    open(): void {
      for (const go of held.splice(0)) go({ value: ['k'] });
    },
  };
}

const texts = ({ logs }: TestFunction): readonly string[] => logs.map(({ text }) => text);

test('All that a function does is cancelled: what waits, what runs, and what goes on after its reply', async () => {
  const gate = createGate();
  using probe = createTestFunction(
    handlerOf(`if (msg.params.key === 'tail') { ctx.waitUntil(env.HOST.keys()); return 'replied'; }
      await env.HOST.keys(); return 'late';`),
    { host: gate.host, limits: { concurrency: 3, queue: 10 } },
  );
  assert.equal(await probe.text({ subject: 'probe.tail' }), 'replied');
  const calls = Array.from({ length: 5 }, (_, index) => probe.code({ subject: `probe.k${index}` }));
  await until(() => gate.count === 3);
  assert.equal(probe.runner.cancel(), 6);
  assert.deepEqual(await Promise.all(calls), Array(5).fill('HS_FUNCTION_CANCELLED'));
  assert.equal(probe.runner.inFlight, 0);
  assert.equal(probe.runner.cancel(), 0);
  const next = probe.text({ subject: 'probe.tail' });
  assert.equal(await next, 'replied');
});

test('What an invocation has called is abandoned when it is ended by force, and goes on when it has replied', async () => {
  const gate = createGate();
  const callers: number[] = [];
  const abandoned: number[] = [];
  const prepared: PreparedBinding = {
    call: (_call, { id }) => {
      callers.push(id);
      return gate.host();
    },
    abandoned: (id) => void abandoned.push(id),
  };
  const binding: Binding = { service: 'kv', bucket: 'b', access: 'read', keys: '>', existing: true };
  using probe = createTestFunction(
    handlerOf(`const call = env.HOST.keys(); if (msg.params.key === 'quick') return 'replied'; await call;`),
    { prepared: { HOST: prepared }, bindings: { HOST: binding }, limits: { timeoutMs: 100 } },
  );
  assert.equal(await probe.text({ subject: 'probe.quick' }), 'replied');
  await until(() => gate.count === 1);
  const cancelled = probe.code({ subject: 'probe.slow' });
  await until(() => gate.count === 2);
  probe.runner.cancel();
  assert.equal(await cancelled, 'HS_FUNCTION_CANCELLED');
  assert.deepEqual(abandoned, callers.slice(1));
  assert.equal(await probe.code({ subject: 'probe.slow' }), 'HS_FUNCTION_TIMEOUT');
  await until(() => abandoned.length === 2);
  assert.deepEqual(abandoned, callers.slice(1));
  gate.open();
  await turns(5);
  assert.equal(abandoned.length, 2);
});

test('What an abandoned invocation has called goes on while another may wait for it', async () => {
  const gate = createGate();
  const abandoned: number[] = [];
  const prepared: PreparedBinding = { call: gate.host, abandoned: (id) => void abandoned.push(id) };
  const binding: Binding = { service: 'kv', bucket: 'b', access: 'read', keys: '>', existing: true };
  using probe = createTestFunction(
    handlerOf(
      `console.log(ctx.invocationId); shared ??= env.HOST.keys(); await shared; return 'shared';`,
      'let shared;',
    ),
    { prepared: { HOST: prepared }, bindings: { HOST: binding } },
  );
  const first = probe.code();
  await until(() => gate.count === 1);
  const second = probe.text();
  await until(() => texts(probe).length === 2);
  assert.equal(probe.runner.cancel(texts(probe)[0]), 1);
  assert.equal(await first, 'HS_FUNCTION_CANCELLED');
  assert.deepEqual(abandoned, []);
  gate.open();
  assert.equal(await second, 'shared');
});

test('One invocation is cancelled by the id that its context has, and no other', async () => {
  const gate = createGate();
  using probe = createTestFunction(
    handlerOf('console.log(ctx.invocationId); await env.HOST.keys(); return ctx.invocationId;'),
    { host: gate.host },
  );
  const one = probe.call();
  const two = probe.text();
  await until(() => gate.count === 2);
  const [first = '', second = ''] = texts(probe);
  assert.match(first, /^[0-9a-f]{10}-\d+$/);
  assert.equal(probe.runner.cancel('0000000000-1'), 0);
  assert.equal(probe.runner.cancel(first.slice(first.indexOf('-') + 1)), 0);
  assert.equal(probe.runner.cancel(first), 1);
  const answer = await one;
  assert.equal(answer.ok ? '' : answer.error.code, 'HS_FUNCTION_CANCELLED');
  gate.open();
  assert.equal(await two, second);
});

test('A call that is cancelled before its thread has begun with it does not keep that thread', async () => {
  for (let round = 0; round < 5; round += 1) {
    using probe = createTestFunction(
      handlerOf('if (msg.params.key === "loop") for (;;) {} return msg.params.key;'),
      { inlineCpuMs: 50, limits: { cpuMs: 60_000, timeoutMs: 60_000 } },
    );
    assert.equal(await probe.text({ subject: 'probe.warm' }), 'warm');
    const looping = probe.code({ subject: 'probe.loop' });
    while (probe.heavyEntries.flat().length < 2) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(probe.runner.cancel(), 1);
    assert.equal(await looping, 'HS_FUNCTION_CANCELLED');
    assert.equal(await probe.text({ subject: 'probe.fine' }), 'fine');
  }
});

test('A call that computes in the heavy lane is cancelled at once, and its thread taken back', async () => {
  using probe = createTestFunction(
    handlerOf('if (msg.params.key === "loop") for (;;) {} return msg.params.key;'),
    { inlineCpuMs: 50, limits: { cpuMs: 60_000, timeoutMs: 60_000 } },
  );
  const looping = probe.code({ subject: 'probe.loop' });
  await until(() => probe.heavyEntries.flat().length === 1);
  assert.equal(probe.runner.cancel(), 1);
  assert.equal(await looping, 'HS_FUNCTION_CANCELLED');
  assert.equal(await probe.text({ subject: 'probe.fine' }), 'fine');
});

for (const waits of ['given with it', 'not given yet']) {
  test(`A call that computes in vain gives its thread back at its deadline, though another waits, ${waits}`, async () => {
    using probe = createTestFunction(
      handlerOf('if (msg.params.key === "loop") for (;;) {} return msg.params.key;'),
      { inlineCpuMs: 50, limits: { cpuMs: 60_000, timeoutMs: 60_000 } },
    );
    // Until calls share their entries.
    for (let call = 0; call < 40; call += 1) await probe.text({ subject: 'probe.warm' });
    const begun = probe.heavyEntries.flat().length;
    const looping = probe.code({ subject: 'probe.loop', headers: [['Hairspring-Timeout-Ms', '300']] });
    if (waits === 'not given yet') await until(() => probe.heavyEntries.flat().length > begun);
    const rest = Promise.all(['a', 'b'].map((key) => probe.text({ subject: `probe.${key}` })));
    assert.equal(await looping, 'HS_FUNCTION_TIMEOUT');
    assert.deepEqual(await rest, ['a', 'b']);
    assert.equal(probe.runner.inFlight, 0);
    assert.equal(probe.runner.stats().coldReasons.interrupted, 1);
  });
}

test('A call that computes goes on when one that waits behind it is cancelled', async () => {
  using probe = createTestFunction(
    handlerOf(
      `runs += 1; { const until = Date.now() + 300; while (msg.params.key === 'long' && Date.now() < until); } return runs;`,
      'let runs = 0;',
    ),
    { inlineCpuMs: 50, limits: { cpuMs: 60_000, timeoutMs: 60_000 } },
  );
  const long = probe.text({ subject: 'probe.long' });
  await until(() => probe.heavyEntries.flat().length === 1);
  const behind = probe.code({ subject: 'probe.behind', headers: [['Hairspring-Timeout-Ms', '50']] });
  assert.equal(await behind, 'HS_FUNCTION_TIMEOUT');
  assert.equal(probe.runner.inFlight, 1);
  assert.equal(await long, '1');
  assert.equal(probe.runner.stats().coldStarts, 1);
});

for (const [what, code, end] of [
  ['is cancelled', 'HS_FUNCTION_CANCELLED', (probe: TestFunction) => void probe.runner.cancel()],
  ['passes its deadline', 'HS_FUNCTION_TIMEOUT', undefined],
] as const) {
  test(`The signal of an invocation that ${what} is aborted, and says why`, async () => {
    const clock = createManualClock();
    using probe = createTestFunction(
      handlerOf(
        `const { signal } = ctx;
        signal.addEventListener('abort', () => {
          const { name, code, retryable } = signal.reason;
          console.log([signal === ctx.signal, signal.aborted, name, code].join(' '));
        });
        await new Promise(() => {});`,
      ),
      { clock, limits: { timeoutMs: 1_000 } },
    );
    const call = probe.code();
    await turns();
    if (end === undefined) clock.advance(1_020);
    else end(probe);
    assert.equal(await call, code);
    await until(() => texts(probe).includes(`true true HostError ${code}`));
    assert.equal(probe.runner.inFlight, 0);
  });
}

test('The signal of what waitUntil keeps going is aborted when that is cancelled', async () => {
  using probe = createTestFunction(
    handlerOf(
      `const { signal } = ctx;
      ctx.waitUntil(new Promise((done) => signal.addEventListener('abort', () => { console.log('tail told'); done(); })));
      return 'replied';`,
    ),
  );
  assert.equal(await probe.text(), 'replied');
  assert.equal(probe.runner.cancel(), 1);
  await until(() => texts(probe).includes('tail told'));
});

test('Before its node stops an invocation is told by its signal, and may still answer', async () => {
  using probe = createTestFunction(
    handlerOf(
      `const { signal } = ctx;
      return await new Promise((done) => signal.addEventListener('abort', () => done(signal.reason.code)));`,
    ),
  );
  const call = probe.text();
  await turns();
  probe.runner.hurry();
  probe.runner.hurry();
  assert.equal(await call, 'HS_DRAINING');
});

test('The signal is a whole AbortSignal, whatever the guest makes of the global', async () => {
  using probe = createTestFunction(
    handlerOf(
      `return [ctx.signal instanceof Signal, ctx.signal === ctx.signal, AbortSignal.any([ctx.signal]).aborted];`,
      'const Signal = AbortSignal; globalThis.AbortController = class {};',
    ),
  );
  assert.equal(await probe.text(), '[true,true,false]');
});

test('A signal that is asked for after the abort is aborted', async () => {
  const gate = createGate();
  using probe = createTestFunction(
    handlerOf('await env.HOST.keys(); return [ctx.signal.aborted, ctx.signal.reason.code];'),
    { host: gate.host },
  );
  const call = probe.text();
  await until(() => gate.count === 1);
  probe.runner.hurry();
  await turns();
  gate.open();
  assert.equal(await call, '[true,"HS_DRAINING"]');
});

test('A listener that throws or loops costs its own invocation only', async () => {
  using probe = createTestFunction(
    handlerOf(
      `if (msg.params.key === 'fine') return 'fine';
      ctx.signal.addEventListener('abort', () => {
        if (msg.params.key === 'throws') throw new Error('no');
        for (;;) {}
      });
      await new Promise(() => {});`,
    ),
    { limits: { cpuMs: 100 } },
  );
  for (const key of ['throws', 'loops']) {
    const call = probe.code({ subject: `probe.${key}` });
    await turns();
    assert.equal(probe.runner.cancel(), 1);
    assert.equal(await call, 'HS_FUNCTION_CANCELLED');
    assert.equal(await probe.text({ subject: 'probe.fine' }), 'fine');
    assert.equal(probe.runner.inFlight, 0);
  }
});

test('The answer to a host call whose invocation has ended resolves into nothing', async () => {
  const gate = createGate();
  using probe = createTestFunction(
    handlerOf(`
      if (msg.params.key === 'leaves') env.HOST.keys().then(() => console.log('went on'), () => console.log('failed'));
      if (msg.params.key === 'stuck') { try { await env.HOST.keys(); } finally { console.log('went on'); } }
      return msg.params.key;`),
    { host: gate.host },
  );
  assert.equal(await probe.text({ subject: 'probe.leaves' }), 'leaves');
  const stuck = probe.code({ subject: 'probe.stuck' });
  await until(() => gate.count === 2);
  probe.runner.cancel();
  assert.equal(await stuck, 'HS_FUNCTION_CANCELLED');
  gate.open();
  await turns();
  for (let call = 0; call < 3; call += 1) assert.equal(await probe.text({ subject: 'probe.next' }), 'next');
  assert.deepEqual(
    texts(probe).filter((text) => text === 'went on' || text === 'failed'),
    [],
  );
});

test('An invocation gets what one that has ended had begun to fetch, if both were there at once', async () => {
  const gate = createGate();
  using probe = createTestFunction(
    handlerOf(
      'console.log(ctx.invocationId); shared ??= env.HOST.keys(); return (await shared).length;',
      'let shared;',
    ),
    { host: gate.host },
  );
  const first = probe.call();
  await until(() => gate.count === 1);
  const second = probe.text();
  await until(() => probe.logs.length === 2);
  assert.equal(probe.runner.cancel(texts(probe)[0]), 1);
  assert.equal((await first).ok, false);
  gate.open();
  assert.equal(await second, '1');
});

test('Host calls that are left behind, again and again, leave nothing in the isolate', async () => {
  using probe = createTestFunction(handlerOf('env.HOST.keys(); env.HOST.keys(); return "left"'), {
    host: async () => {
      await turns(1);
      return { value: [] };
    },
  });
  for (let call = 0; call < 200; call += 1) assert.equal(await probe.text(), 'left');
  await turns();
  assert.equal(await probe.text(), 'left');
  assert.equal(probe.runner.inFlight, 0);
  assert.equal(probe.runner.stats().coldStarts, 1);
});
