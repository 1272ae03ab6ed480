import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../control/support/manual-clock.ts';
import { createTestFunction, handlerOf } from '../support/functions.ts';
import { turns } from '../support/turns.ts';

async function evaluate(expression: string, call = {}, options = {}): Promise<unknown> {
  using probe = createTestFunction(handlerOf(`return JSON.stringify(await (${expression}))`), options);
  return JSON.parse((await probe.text(call)) || 'null');
}

test('A message shows its subject, parameters, headers and payload', async () => {
  const seen = await evaluate(
    `[msg.subject, msg.params, msg.reply, msg.text(), msg.json(), [...msg.data],
      msg.headers.get('a'), msg.headers.getAll('A'), msg.headers.has('b'), msg.headers.get('b'), [...msg.headers.keys()]]`,
    {
      subject: 'probe.de.x.y',
      data: '[1]',
      headers: [
        ['a', '1'],
        ['A', '2'],
      ],
    },
    { triggers: ['probe.{lang}.{rest>}'] },
  );
  const params = { lang: 'de', rest: 'x.y' };
  const expected = ['probe.de.x.y', params, true, '[1]', [1], [91, 49, 93]];
  assert.deepEqual(seen, [...expected, '1', ['1', '2'], false, null, ['a', 'A']]);
});

test('Parameters belong to the trigger that the message came by', async () => {
  const options = { triggers: ['probe.{first}', 'probe.*.{second}', 'probe.>'] };
  const params = (subject: string, triggerIndex: number) =>
    evaluate('msg.params', { subject, triggerIndex }, options);
  assert.deepEqual(await params('probe.a', 0), { first: 'a' });
  assert.deepEqual(await params('probe.a.b', 1), { 0: 'a', second: 'b' });
  assert.deepEqual(await params('probe.a.b.c', 2), { 0: 'a.b.c' });
  assert.deepEqual(await params('anything', -1), {});
});

test('A message without a reply subject and without payload says so', async () => {
  assert.deepEqual(
    await evaluate('[msg.reply, msg.text(), msg.data.length, [...msg.headers]]', { reply: '' }),
    [false, '', 0, []],
  );
});

test('Text that is not JSON makes json() throw a SyntaxError', async () => {
  assert.equal(await evaluate('(() => { try { msg.json() } catch (e) { return e.name } })()'), 'SyntaxError');
});

test('The context names the function, the invocation and its deadline', async () => {
  using probe = createTestFunction(
    handlerOf('return [ctx.functionName, ctx.namespace, ctx.invocationId, ctx.deadline - Date.now()]'),
    { name: 'named', limits: { timeoutMs: 60_000 } },
  );
  const [one, two] = [JSON.parse(await probe.text()), JSON.parse(await probe.text())];
  assert.deepEqual(one.slice(0, 2), ['named', 'default']);
  assert.notEqual(one[2], two[2]);
  assert.ok(one[3] > 0 && one[3] <= 60_000, `${one[3]} ms are left`);
});

test('The environment is in env, which cannot be changed', async () => {
  const body = `
    'use strict';
    try { env.COLOR = 'blue'; } catch (error) { return [env.COLOR, error.name, Object.isFrozen(env)]; }`;
  using probe = createTestFunction(handlerOf(body), { environment: { COLOR: 'red' } });
  assert.equal(await probe.text(), '["red","TypeError",true]');
});

test('console and ctx.log write one line per call at their level', async () => {
  const body = `
    console.log('a', 1, { b: [2] }, null, undefined, Symbol('s'), 5n);
    console.debug('d'); console.info('i'); console.warn('w'); ctx.log.error(new Error('e'));
    console.log(() => 1, new Proxy({}, { get() { throw 1 } }));`;
  using probe = createTestFunction(handlerOf(body));
  await probe.text();
  assert.deepEqual(
    probe.logs.map(({ level }) => level),
    ['info', 'debug', 'info', 'warn', 'error', 'info'],
  );
  assert.equal(probe.logs[0]?.text, 'a 1 { b: [ 2 ] } null undefined Symbol(s) 5n');
  assert.match(probe.logs[4]?.text ?? '', /^Error: e\n/);
});

test('Values that resist being shown are logged all the same', async () => {
  const odd = [
    'new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })',
    'Object.assign(Object.create(null), { toJSON: () => undefined })',
    'Object.defineProperty(new Error(), "stack", { get() { throw 1 } })',
    'Object.defineProperty(() => 1, "name", { get() { throw 1 } })',
  ];
  using probe = createTestFunction(handlerOf(`console.log('shown:', ${odd.join(', ')}); return 'went on'`));
  assert.equal(await probe.text(), 'went on');
  assert.match(probe.logs[0]?.text ?? '', /^shown: /);
});

test('A log line is cut at its limit', async () => {
  using probe = createTestFunction(handlerOf('console.log("x".repeat(100_000))'));
  await probe.text();
  assert.ok((probe.logs[0]?.text.length ?? 0) <= 8_193, String(probe.logs[0]?.text.length));
});

test('Timers fire in the order of their delays, with their arguments', async () => {
  const body = `
    const seen = [];
    const later = (ms, name) => new Promise((go) => setTimeout((value) => { seen.push(value); go(); }, ms, name));
    await Promise.all([later(30, 'c'), later(10, 'a'), later(20, 'b')]);
    return seen;`;
  const clock = createManualClock();
  using probe = createTestFunction(handlerOf(body), { clock });
  const reply = probe.text();
  await turns();
  for (let step = 0; step < 3; step += 1) {
    clock.advance(10);
    await turns();
  }
  assert.equal(await reply, '["a","b","c"]');
});

test('An interval fires until it is cleared, and a cleared timer never', async () => {
  const body = `
    let ticks = 0, dead = 0;
    clearTimeout(setTimeout(() => { dead += 1 }, 5));
    await new Promise((go) => { const id = setInterval(() => { if (++ticks === 3) { clearInterval(id); go(); } }, 10); });
    await new Promise((go) => setTimeout(go, 100));
    return [ticks, dead];`;
  const clock = createManualClock();
  using probe = createTestFunction(handlerOf(body), { clock });
  const reply = probe.text();
  await turns();
  for (let step = 0; step < 15; step += 1) {
    clock.advance(10);
    await turns();
  }
  assert.equal(await reply, '[3,0]');
});

test('A timer that throws anything is logged and harms nobody', async () => {
  const body = `
    const odd = [new Error('loud'), Object.create(null, { toJSON: { value: () => undefined } }),
      new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })];
    for (const error of odd) setTimeout(() => { throw error }, 0);
    await new Promise((go) => setTimeout(go, 20));
    return 'unharmed';`;
  using probe = createTestFunction(handlerOf(body));
  assert.equal(await probe.text(), 'unharmed');
  assert.equal(probe.logs.filter(({ text }) => text.startsWith('Uncaught ')).length, 3);
  assert.equal(probe.runner.stats().coldStarts, 1);
});

test('Clearing what is no timer does nothing', async () => {
  const odd = '[0, -1, 1e9, "x", null, undefined, {}, NaN]';
  assert.equal(
    await evaluate(`(${odd}.forEach(clearTimeout), ${odd}.forEach(clearInterval), 'fine')`),
    'fine',
  );
});

test('TextEncoder and TextDecoder agree with the standard', async () => {
  const seen = await evaluate(`[
    [...new TextEncoder().encode('aü€𝄞\\ud800')],
    new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff, 0xf0, 0x9d, 0x84, 0x9e])),
    (() => { try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff])) } catch (e) { return e.name } })(),
    (() => { try { new TextDecoder('klingon') } catch (e) { return e.name } })(),
  ]`);
  const bytes = [...new TextEncoder().encode('aü€𝄞\ud800')];
  assert.deepEqual(seen, [bytes, 'a\ufffd𝄞', 'TypeError', 'RangeError']);
});

test('queueMicrotask runs before the next timer, and what it throws is no disaster', async () => {
  const body = `
    const order = [];
    setTimeout(() => order.push('timer'), 0);
    queueMicrotask(() => order.push('microtask'));
    queueMicrotask(() => { throw new Error('lost') });
    await new Promise((go) => setTimeout(go, 20));
    return order;`;
  using probe = createTestFunction(handlerOf(body));
  assert.equal(await probe.text(), '["microtask","timer"]');
});
