import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { headers } from '@nats-io/transport-node';
import { handler, startTestHost, type TestHost } from '../support/host.ts';
import { until } from '../support/load.ts';

let world: TestHost;
/** Calls that went over NATS. */
let overNats = 0;

/** Calls what it is asked to, and tells what became of it. */
const CALLER = handler(`
  const [name, data, options] = msg.json();
  try {
    const reply = await ctx.call(name, data, options);
    return { text: reply.text(), headers: [...reply.headers] };
  } catch (error) {
    return { code: error.code ?? String(error), message: error.message, host: error instanceof HostError };
  }`);

before(async () => {
  world = await startTestHost();
  world.nc.subscribe('$NEX.SVC.default.control.HS.INVOKE.callee', {
    callback: () => {
      overNats += 1;
    },
  });
  await world.nc.flush();
  const call = ['callee', 'far', 'gone', 'small', 'loop', 'other-namespace'];
  await world.deploy({
    name: 'caller',
    code: CALLER,
    bindings: { FUNCTIONS: { call: call.slice(0, 2) }, BUS: { call: call.slice(2), publish: ['out'] } },
  });
  await world.deploy({
    name: 'callee',
    triggers: ['callee.{what}', 'callee'],
    code: handler(`
      switch (msg.params.what) {
        case 'throw': throw new Error('as asked');
        case 'hang': return new Promise(() => {});
        case 'context': return {
          reply: msg.reply, subject: msg.subject, trace: ctx.trace?.traceparent, leftMs: ctx.deadline - Date.now() };
      }
      return new Reply(msg.data, { headers: { 'X-A': ['1', String(msg.headers.get('X-B'))] } });`),
  });
  await world.deploy({ name: 'other-namespace', code: handler('return 1;'), namespace: 'elsewhere' });
});

after(() => world?.[Symbol.asyncDispose]());

interface Told {
  readonly text?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly code?: string;
  readonly message?: string;
  readonly host?: boolean;
}

async function tell(...call: readonly unknown[]): Promise<Told> {
  const { text, outcome } = await world.ask('caller', JSON.stringify(call), { timeoutMs: 20_000 });
  assert.equal(outcome, 'ok', text);
  return JSON.parse(text);
}

test('A function calls another of its cell, whose reply comes with its headers and never goes over NATS', async () => {
  const reply = await tell('callee', { ü: 1 }, { headers: { 'X-B': 'b' } });
  assert.equal(reply.text, '{"ü":1}');
  assert.deepEqual(reply.headers, [
    ['X-A', '1'],
    ['X-A', 'b'],
  ]);
  assert.equal(overNats, 0);
});

test('The callee knows that it is waited for, how long, by which subject, and in whose trace', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const pairs = headers();
  pairs.set('traceparent', traceparent);
  const payload = JSON.stringify(['callee', '', { subject: 'callee.context', timeoutMs: 900 }]);
  const { text } = await world.ask('caller', payload, { headers: pairs });
  const { leftMs, ...told } = JSON.parse(JSON.parse(text).text);
  assert.deepEqual(told, { reply: true, subject: 'callee.context', trace: traceparent });
  assert.ok(leftMs > 0 && leftMs <= 900, `${leftMs} ms`);
});

test('What goes wrong with the callee arrives with its code, as an error that can be caught', async () => {
  const threw = await tell('callee', '', { subject: 'callee.throw' });
  assert.deepEqual([threw.code, threw.host], ['HS_FUNCTION_THREW', true]);
  assert.match(threw.message ?? '', /Cannot call function "callee": .*as asked/);
  const late = await tell('callee', '', { subject: 'callee.hang', timeoutMs: 60 });
  assert.equal(late.code, 'HS_FUNCTION_TIMEOUT');
  const nowhere = await tell('callee', '', { subject: 'unlike' });
  assert.equal(nowhere.code, 'HS_INVOKE_SUBJECT');
  await world.deploy({ name: 'small', code: handler('return 1;'), limits: { payload: '100B' } });
  assert.equal((await tell('small', 'x'.repeat(200))).code, 'HS_PAYLOAD_TOO_LARGE');
  assert.equal((await tell('small', 'x')).text, '1');
  await world.client().undeploy('small');
  assert.equal((await tell('small', 'x')).code, 'HS_FUNCTION_NOT_FOUND');
});

test('A function that is not on the node is called wherever it is', async () => {
  const subject = '$NEX.SVC.default.control.HS.INVOKE.far';
  world.nc.subscribe(subject, { max: 1, callback: (_error, message) => void message.respond('from afar') });
  await world.nc.flush();
  assert.equal((await tell('far', 'x')).text, 'from afar');
});

test('What is not granted, or hostile, is refused and can be caught', async () => {
  const attempts: readonly (readonly [string, ...unknown[]])[] = [
    ['HS_BINDING_DENIED', 'caller'],
    ['HS_BINDING_DENIED', 'constructor'],
    ['HS_HOST_CALL_INVALID', 'callee.x'],
    ['HS_HOST_CALL_INVALID', ''],
    ['HS_HOST_CALL_INVALID', 'x'.repeat(100_000)],
    ['HS_HOST_CALL_INVALID', 'callee', '', { timeoutMs: 'x' }],
    ['HS_SUBJECT_INVALID', 'callee', '', { subject: 'a.>' }],
    ['HS_HEADER_INVALID', 'callee', '', { headers: { 'Hairspring-Call-Depth': '0' } }],
    ['HS_FUNCTION_NOT_FOUND', 'gone'],
    ['HS_FUNCTION_NOT_FOUND', 'other-namespace'],
  ];
  for (const [code, ...call] of attempts) {
    const told = await tell(...call);
    assert.deepEqual([told.code, told.host], [code, true], JSON.stringify(call).slice(0, 100));
  }
});

test('Functions that call each other in a circle end with a code', async () => {
  const code = (next: string): string =>
    handler(`return (await ctx.call('${next}', String(Number(msg.text()) + 1))).text();`);
  await world.deploy({ name: 'ping', code: code('pong'), bindings: { F: { call: ['pong'] } } });
  await world.deploy({ name: 'pong', code: code('ping'), bindings: { F: { call: ['ping'] } } });
  const { outcome, text } = await world.ask('ping', '0');
  assert.equal(outcome, 'HS_FUNCTION_THREW');
  assert.match(text, /at most 16 may be/);
});

test('A function that waits for its own only place ends at its deadline, and serves on', async () => {
  await world.deploy({
    name: 'loop',
    code: handler(`return msg.text() === 'once' ? 'done' : (await ctx.call('loop', 'once')).text();`),
    bindings: { F: { call: ['loop'] } },
    limits: { concurrency: 1, timeout: '300ms' },
  });
  const { outcome } = await world.ask('loop', 'twice');
  assert.match(outcome, /^HS_FUNCTION_(?:TIMEOUT|THREW)$/);
  assert.equal((await world.ask('loop', 'once')).text, 'done');
});

test('Who is cancelled takes what it waits for with it, and not what it has left to itself', async () => {
  const limits = { timeout: '60s' };
  const calls = (next: string): string =>
    handler(`if (msg.text() === 'leave') { ctx.call('${next}').catch(() => {}); return 'left'; }
      return (await ctx.call('${next}', '', { timeoutMs: 50_000 })).text();`);
  const hangs = handler('return new Promise(() => {});');
  await world.deploy({ name: 'first', code: calls('second'), bindings: { F: { call: ['second'] } }, limits });
  await world.deploy({ name: 'second', code: calls('third'), bindings: { F: { call: ['third'] } }, limits });
  await world.deploy({ name: 'third', code: hangs, limits });
  const inFlight = async (name: string): Promise<number> => (await world.client().info(name)).stats.inFlight;
  const asked = world.ask('first', '', { timeoutMs: 60_000 });
  await until('the chain waits', async () => (await inFlight('third')) === 1);
  assert.equal((await world.client().cancel('first')).cancelled, 1);
  assert.equal((await asked).outcome, 'HS_FUNCTION_CANCELLED');
  for (const name of ['second', 'third'])
    await until(`${name} is free`, async () => (await inFlight(name)) === 0);
  assert.equal((await world.ask('first', 'leave')).text, 'left');
  await until('what it has left goes on', async () => (await inFlight('third')) === 1);
  assert.equal((await world.client().cancel('first')).cancelled, 0);
  assert.equal(await inFlight('third'), 1);
  await world.client().cancel('third');
});

test('A host that stops lets calls between functions come to their end', async () => {
  await using stopping = await startTestHost({ nats: world.nats });
  await stopping.deploy({
    name: 'slow-caller',
    code: handler(`return (await ctx.call('slow-callee')).text();`),
    bindings: { F: { call: ['slow-callee'] } },
    namespace: 'stopping',
  });
  await stopping.deploy({
    name: 'slow-callee',
    code: handler(`await new Promise((resolve) => setTimeout(resolve, 1_000)); return 'done';`),
    namespace: 'stopping',
  });
  const asked = stopping.ask('slow-caller');
  // A message on the same connection that is answered later than the first was received.
  await stopping.ask('slow-callee');
  const again = stopping.ask('slow-caller');
  const { info } = stopping.client('stopping');
  await until('the callee has it', async () => (await info('slow-callee')).stats.inFlight === 1);
  await stopping.host[Symbol.asyncDispose]();
  assert.deepEqual([(await asked).text, (await again).text], ['done', 'done']);
});

test('When a cell dies in the middle of a call, whoever waits for the caller hears so', async () => {
  const payload = JSON.stringify(['callee', '', { subject: 'callee.hang' }]);
  const asked = world.ask('caller', payload);
  const begun = await tell('callee', 'begun');
  assert.equal(begun.text, 'begun');
  for (const pid of world.host.cellPids()) process.kill(pid, 'SIGKILL');
  assert.equal((await asked).outcome, 'HS_CELL_LOST');
  const again = JSON.stringify(['callee', 'again']);
  await until('a new cell serves', async () => (await world.ask('caller', again)).outcome === 'ok');
});
