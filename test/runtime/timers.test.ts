/** A timer belongs to the invocation that set it, and ends with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST_LIMITS, type HostCallResult } from '../../src/core/index.ts';
import { createManualClock } from '../control/support/manual-clock.ts';
import { createTestFunction, handlerOf, type TestFunction } from '../support/functions.ts';
import { turns, until } from '../support/turns.ts';

type Clock = ReturnType<typeof createManualClock>;

const says = ({ logs }: TestFunction, wanted: string): number =>
  logs.filter(({ text }) => text === wanted).length;

async function pass(clock: Clock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10);
    await turns();
  }
}

async function ticksNoMore(probe: TestFunction, clock: Clock): Promise<void> {
  await turns();
  const ticks = says(probe, 'tick');
  await pass(clock, 100);
  assert.equal(says(probe, 'tick'), ticks);
}

for (const [what, set] of [
  ['A timeout', 'setTimeout(() => console.log("tick"), 10);'],
  ['A timeout of no time', 'setTimeout(() => console.log("tick"), 0);'],
  ['An interval', 'setInterval(() => console.log("tick"), 10);'],
  ['An interval of no time', 'setInterval(() => console.log("tick"), 0);'],
] as const) {
  test(`${what} that its invocation leaves behind does not fire, and does not keep the instance`, async () => {
    const clock = createManualClock();
    using probe = createTestFunction(handlerOf(`${set} return "answered";`), { clock });
    assert.equal(await probe.text(), 'answered');
    await pass(clock, 100);
    assert.equal(says(probe, 'tick'), 0);
    const entries = probe.entries.length;
    await turns(20);
    assert.equal(probe.entries.length, entries, 'the isolate is entered for a leftover');
    assert.equal(probe.runner.evict(), true);
  });
}

test('A timer of an invocation that timed out does not fire', async () => {
  const clock = createManualClock();
  const body = 'setInterval(() => console.log("tick"), 10); await new Promise(() => {});';
  using probe = createTestFunction(handlerOf(body), { clock, limits: { timeoutMs: 100 } });
  const call = probe.code();
  await turns();
  await pass(clock, 60);
  assert.ok(says(probe, 'tick') > 0);
  await pass(clock, 100);
  assert.equal(await call, 'HS_FUNCTION_TIMEOUT');
  await ticksNoMore(probe, clock);
});

test('A timer of an invocation that threw does not fire', async () => {
  const clock = createManualClock();
  const body = 'setInterval(() => console.log("tick"), 10); throw new Error("no");';
  using probe = createTestFunction(handlerOf(body), { clock });
  assert.equal(await probe.code(), 'HS_FUNCTION_THREW');
  await pass(clock, 100);
  assert.equal(says(probe, 'tick'), 0);
});

test('A timer that the guest gives back does not fire when its invocation has ended meanwhile', async () => {
  using probe = createTestFunction(
    handlerOf(`
      await new Promise((resolve) => {
        // Longer than one may before the rest of the batch is given back.
        setTimeout(() => { for (const start = Date.now(); Date.now() - start < 5; ); resolve(); }, 0);
        setTimeout(() => console.log('tick'), 0);
      });
      return 'answered';`),
    { limits: { cpuMs: 5_000 } },
  );
  assert.equal(await probe.text(), 'answered');
  await turns(20);
  assert.equal(says(probe, 'tick'), 0);
});

test('waitUntil keeps the timers of an invocation going until its promises are settled', async () => {
  const clock = createManualClock();
  const body = `
    setInterval(() => console.log('tick'), 10);
    ctx.waitUntil(new Promise((go) => setTimeout(() => setTimeout(go, 20), 30)));
    return 'early';`;
  using probe = createTestFunction(handlerOf(body), { clock });
  assert.equal(await probe.text(), 'early');
  await pass(clock, 100);
  assert.equal(probe.runner.inFlight, 0);
  const ticks = says(probe, 'tick');
  assert.ok(ticks >= 3 && ticks <= 6, String(ticks));
  await pass(clock, 100);
  assert.equal(says(probe, 'tick'), ticks);
  assert.equal(probe.runner.evict(), true);
});

test('A timer set at the top level of a module never fires, which is said once', async () => {
  const clock = createManualClock();
  const code = handlerOf(
    'return "up"',
    'setInterval(() => console.log("tick"), 5); setTimeout(() => console.log("tick"), 0);',
  );
  using probe = createTestFunction(code, { clock });
  assert.equal(await probe.text(), 'up');
  await pass(clock, 50);
  assert.equal(await probe.text(), 'up');
  await pass(clock, 50);
  assert.equal(says(probe, 'tick'), 0);
  const warnings = probe.logs.filter(({ level }) => level === 'warn');
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]?.text ?? '', /^A timer was not set: .* top level of a module/);
});

test('What goes on after its invocation has ended sets no timer', async () => {
  const body = `
    (async () => {
      for (let hop = 0; hop < 20; hop += 1) await null;
      console.log('went on');
      setInterval(() => console.log('tick'), 0);
    })();
    return 'early';`;
  using probe = createTestFunction(handlerOf(body));
  assert.equal(await probe.text(), 'early');
  await until(() => says(probe, 'went on') === 1);
  await turns(20);
  assert.equal(says(probe, 'tick'), 0);
});

test('An invocation that waited for what another one fetched keeps its timers when that one ends', async () => {
  const clock = createManualClock();
  const held: ((result: HostCallResult) => void)[] = [];
  const body = `
    shared ??= env.HOST.keys();
    await shared;
    if (msg.params.key === 'first') return 'first';
    for (let index = 0; index < 3; index += 1) await new Promise((go) => setTimeout(go, 10));
    return msg.params.key;`;
  using probe = createTestFunction(handlerOf(body, 'let shared;'), {
    clock,
    host: () => new Promise((resolve) => held.push(resolve)),
  });
  const calls = ['first', 'second', 'third'].map((key) => probe.text({ subject: `probe.${key}` }));
  await until(() => held.length === 1);
  await turns();
  held[0]?.({ value: null });
  assert.equal(await calls[0], 'first');
  await pass(clock, 100);
  assert.deepEqual(await Promise.all(calls), ['first', 'second', 'third']);
});

test('An invocation that goes on by the timer of one that has ended keeps its own timers when an older one ends', async () => {
  const clock = createManualClock();
  const held: (() => void)[] = [];
  const body = `
    const { key } = msg.params;
    if (key === 'older') {
      await env.HOST.keys();
      return key;
    }
    if (key === 'ended') {
      setTimeout(() => setTimeout(release, 30), 10);
      return key;
    }
    await gate;
    for (let index = 0; index < 3; index += 1) await new Promise((go) => setTimeout(go, 50));
    return key;`;
  using probe = createTestFunction(
    handlerOf(body, 'let release; const gate = new Promise((go) => { release = go; });'),
    {
      clock,
      host: () => new Promise((resolve) => held.push(() => resolve({ value: null }))),
    },
  );
  const older = probe.text({ subject: 'probe.older' });
  await until(() => held.length === 1);
  assert.equal(await probe.text({ subject: 'probe.ended' }), 'ended');
  await pass(clock, 10);
  const newer = probe.text({ subject: 'probe.newer' });
  await until(() => probe.runner.running === 2);
  await pass(clock, 40);
  held[0]?.();
  assert.equal(await older, 'older');
  await pass(clock, 300);
  assert.equal(await newer, 'newer');
});

test('A timer that was inherited ends with the invocations that were there when it was set', async () => {
  const clock = createManualClock();
  const held: (() => void)[] = [];
  const body = `
    if (msg.params.key === 'leaver') {
      const again = () => { console.log('tick'); setTimeout(again, 10); };
      setTimeout(again, 10);
      return 'left';
    }
    await env.HOST.keys();
    return msg.params.key;`;
  using probe = createTestFunction(handlerOf(body), {
    clock,
    host: () => new Promise((resolve) => held.push(() => resolve({ value: null }))),
  });
  const early = probe.text({ subject: 'probe.early' });
  await until(() => held.length === 1);
  assert.equal(await probe.text({ subject: 'probe.leaver' }), 'left');
  const late = probe.text({ subject: 'probe.late' });
  await until(() => held.length === 2);
  held[0]?.();
  assert.equal(await early, 'early');
  await ticksNoMore(probe, clock);
  held[1]?.();
  assert.equal(await late, 'late');
});

test('Timers of an invocation whose waitUntil was cut off do not live on by newer invocations', async () => {
  const clock = createManualClock();
  const held: (() => void)[] = [];
  const body = `
    if (msg.params.key === 'leaver') {
      const again = () => { console.log('tick'); setTimeout(again, 10); };
      setTimeout(again, 10);
      ctx.waitUntil(new Promise(() => {}));
      return 'left';
    }
    await env.HOST.keys();
    return msg.params.key;`;
  using probe = createTestFunction(handlerOf(body), {
    clock,
    limits: { timeoutMs: 600_000 },
    host: () => new Promise((resolve) => held.push(() => resolve({ value: null }))),
  });
  const early = probe.text({ subject: 'probe.early' });
  await until(() => held.length === 1);
  assert.equal(await probe.text({ subject: 'probe.leaver' }), 'left');
  clock.advance(HOST_LIMITS.tailMs + 1_000);
  await until(() => probe.runner.inFlight === 1);
  await pass(clock, 50);
  const late = probe.text({ subject: 'probe.late' });
  await until(() => held.length === 2);
  await pass(clock, 50);
  held[0]?.();
  assert.equal(await early, 'early');
  await ticksNoMore(probe, clock);
  held[1]?.();
  assert.equal(await late, 'late');
});

test('A function that sets timers and ends, again and again, never runs out of them', async () => {
  const clock = createManualClock();
  using probe = createTestFunction(
    handlerOf('for (let n = 0; n < 100; n += 1) setTimeout(() => {}, 50_000); return "ok"'),
    { clock },
  );
  for (let round = 0; round < 30; round += 1) assert.equal(await probe.text(), 'ok');
  assert.deepEqual(probe.logs, []);
});
