import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { handler, startTestHost } from '../support/host.ts';
import { until } from '../support/load.ts';

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

await deploy({
  name: 'sender',
  code: handler(`
    try {
      switch (msg.text()) {
        case 'acked': {
          const options = { messageId: 'one', headers: { 'X-A': 'b' } };
          const first = await env.BUS.publishAcked('kept.a', 'x', options);
          const second = await env.BUS.publishAcked('kept.a', 'x', options);
          return { first, second };
        }
        case 'conflict': return await env.BUS.publishAcked('kept.a', 'x', { expectedLastSequence: 99 });
        case 'bad': return await env.BUS.publishAcked('kept.a', 'x', { expectedLastSubjectSequence: '1' });
        case 'plain': return await env.BUS.publishAcked('out.nobody', 'x');
        case 'many': {
          const found = [];
          for await (const reply of env.BUS.requestMany('all', 'q', { maxMessages: 3, headers: { 'X-Q': 'q' } }))
            found.push([reply.text(), reply.headers.get('X-N')]);
          return found;
        }
        case 'break': {
          for await (const reply of env.BUS.requestMany('all', 'q')) return reply.text();
        }
        case 'nobody': {
          for await (const reply of env.BUS.requestMany('nobody', 'q')) return reply.text();
        }
        case 'denied': {
          for await (const reply of env.BUS.requestMany('elsewhere', 'q')) return reply.text();
        }
        case 'left': {
          const replies = env.BUS.requestMany('all', 'q', { timeoutMs: 4_000 });
          return (await replies.next()).value.text();
        }
      }
    } catch (error) {
      return { code: error.code ?? String(error), host: error instanceof HostError };
    }`),
  bindings: { BUS: { publish: ['kept.*', 'out.*'], request: ['all', 'nobody'] } },
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

async function send(what: string): Promise<unknown> {
  const { text, outcome } = await ask('sender', what);
  assert.equal(outcome, 'ok', text);
  return /^[[{]/.test(text) ? JSON.parse(text) : text;
}

test('A function publishes into a stream, and knows where its message is', async () => {
  const manager = await jetstreamManager(nc);
  await manager.streams.add({ name: 'KEPT', subjects: ['kept.*'] });
  const first = { stream: 'KEPT', sequence: 1, duplicate: false };
  assert.deepEqual(await send('acked'), { first, second: { ...first, duplicate: true } });
  assert.deepEqual(await send('conflict'), { code: 'HS_PUBLISH_CONFLICT', host: true });
  assert.deepEqual(await send('bad'), { code: 'HS_HOST_CALL_INVALID', host: true });
  assert.deepEqual(await send('plain'), { code: 'HS_PUBLISH_NO_STREAM', host: true });
  assert.equal((await manager.streams.info('KEPT')).state.messages, 1);
});

test('A function gathers replies, and whatever way it stops, nobody listens for them afterwards', async () => {
  const inboxes: string[] = [];
  nc.subscribe('all', {
    callback: (_error, message) => {
      inboxes.push(message.reply ?? '');
      for (let index = 0; index < 5; index += 1) {
        const own = headers();
        own.set('X-N', String(index));
        message.respond(message.string() + index, { headers: own });
      }
    },
  });
  await nc.flush();
  assert.deepEqual(await send('many'), [
    ['q0', '0'],
    ['q1', '1'],
    ['q2', '2'],
  ]);
  assert.equal(await send('break'), 'q0');
  assert.equal(await send('left'), 'q0');
  assert.deepEqual(await send('nobody'), { code: 'HS_REQUEST_NO_RESPONDERS', host: true });
  assert.deepEqual(await send('denied'), { code: 'HS_BINDING_DENIED', host: true });
  assert.equal(inboxes.length, 3);
  for (const inbox of inboxes)
    await until(
      'nobody listens',
      async () => (await ask(inbox, '', { timeoutMs: 500 })).outcome === 'no responders',
    );
});
