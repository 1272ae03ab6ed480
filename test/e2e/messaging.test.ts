import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { headers } from '@nats-io/transport-node';
import { handler, startTestHost } from '../support/host.ts';

const world = await startTestHost();
after(() => world[Symbol.asyncDispose]());
const { ask, deploy, nc } = world;

await deploy({
  name: 'caller',
  code: handler(`
    const [op, ...args] = msg.json();
    try {
      const found = await env.BUS[op](...args);
      return found === undefined ? 'sent' : { text: found.text(), headers: [...found.headers] };
    } catch (error) {
      return { code: error.code ?? String(error), host: error instanceof HostError };
    }`),
  bindings: { BUS: { publish: ['out.*'], request: ['callee', 'callee.>', 'nobody'] } },
});
await deploy({
  name: 'callee',
  triggers: ['callee', 'callee.{what}'],
  code: handler(`
    if (msg.params.what === 'throw') throw new Error('as asked');
    return new Reply(String(msg.headers.get('traceparent')) + msg.text(), { headers: { 'X-A': ['1', '2'] } });`),
});

async function tell(...call: readonly unknown[]): Promise<unknown> {
  const { text, outcome } = await ask('caller', JSON.stringify(call));
  assert.equal(outcome, 'ok', text);
  return text === 'sent' ? text : JSON.parse(text);
}

test('A function asks another, and reads its reply with headers', async () => {
  const reply = (await tell('request', 'callee', { a: 1 })) as { text: string; headers: string[][] };
  assert.equal(reply.text, 'null{"a":1}');
  assert.deepEqual(
    reply.headers.filter(([name]) => name === 'X-A'),
    [
      ['X-A', '1'],
      ['X-A', '2'],
    ],
  );
});

test('An error of the other function is in the headers of its reply', async () => {
  const reply = (await tell('request', 'callee.throw')) as { headers: string[][] };
  assert.equal(new Map(reply.headers as [string, string][]).get('Hairspring-Error'), 'HS_FUNCTION_THREW');
});

test('A message that a function publishes goes out with its headers', async () => {
  const heard = nc.subscribe('out.x', { max: 1 });
  await nc.flush();
  assert.equal(await tell('publish', 'out.x', 'hello', { headers: { 'X-B': ['1', '2'] } }), 'sent');
  for await (const message of heard) {
    assert.equal(message.string(), 'hello');
    assert.deepEqual(message.headers?.values('X-B'), ['1', '2']);
    assert.equal(message.reply ?? '', '');
  }
});

test('What is beyond the grant, no subject, or reserved is a HostError that the function may catch', async () => {
  const attempts: readonly (readonly [string, ...unknown[]])[] = [
    ['HS_BINDING_DENIED', 'publish', 'callee', 'x'],
    ['HS_BINDING_DENIED', 'request', 'out.x', 'x'],
    ['HS_BINDING_DENIED', 'publish', '$KV.secret.key', 'x'],
    ['HS_BINDING_DENIED', 'publish', '_INBOX.abc', 'x'],
    ['HS_SUBJECT_INVALID', 'publish', 'out.*', 'x'],
    ['HS_SUBJECT_INVALID', 'publish', 'out..x', 'x'],
    ['HS_SUBJECT_INVALID', 'publish', 'out.x\r\nPUB evil 0\r\n', 'x'],
    ['HS_HEADER_INVALID', 'publish', 'out.x', 'x', { headers: { 'Nats-Msg-Id': '1' } }],
    ['HS_HEADER_INVALID', 'publish', 'out.x', 'x', { headers: { A: 'b\r\nC: d' } }],
    ['HS_REQUEST_NO_RESPONDERS', 'request', 'nobody', 'x'],
    ['HS_HOST_CALL_INVALID', 'request', 'callee', 'x', { timeoutMs: 'x' }],
  ];
  for (const [code, ...call] of attempts)
    assert.deepEqual(await tell(...call), { code, host: true }, JSON.stringify(call));
});

test('On a node that observes nothing a trace is passed on as it came, and no SDK is loaded', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const pairs = headers();
  pairs.set('traceparent', traceparent);
  const { text } = await ask('caller', JSON.stringify(['request', 'callee']), { headers: pairs });
  assert.equal(JSON.parse(text).text, traceparent);
  assert.equal(world.host.metricsUrl, undefined);
  const loaded = Object.keys(createRequire(import.meta.url).cache);
  assert.ok(loaded.some((path) => path.includes('nats-core')));
  assert.deepEqual(
    loaded.filter((path) => path.includes('@opentelemetry')),
    [],
  );
});
