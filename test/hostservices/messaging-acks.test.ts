import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DiscardPolicy, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { MESSAGING_LIMITS } from '../../src/hostservices/messaging/limits.ts';
import { callerOf, listenTo, type MessagingHandle, openMessaging } from '../support/messaging.ts';
import { connectTo, startTestNats, type TestNats } from '../support/nats.ts';

let server: TestNats;
let nc: NatsConnection;
let manager: JetStreamManager;
let bus: MessagingHandle;

before(async () => {
  server = await startTestNats();
  nc = await connectTo(server);
  manager = await jetstreamManager(nc);
  await manager.streams.add({ name: 'ORDERS', subjects: ['orders.>'] });
  bus = openMessaging(nc, { publish: ['orders.>', 'small.*', 'plain.*'], request: ['asked.*'] });
});

after(async () => {
  await nc?.close();
  await server?.[Symbol.asyncDispose]();
});

interface Options {
  readonly headers?: string;
  readonly timeoutMs?: number | string | null;
  readonly messageId?: number | string | null;
  readonly last?: number | string | null;
  readonly lastOfSubject?: number | string | null;
}

function argumentsOf(subject: string, options: Options = {}): (string | number | null)[] {
  const { headers = '0', timeoutMs = '', messageId = '', last = '', lastOfSubject = '' } = options;
  return [subject, headers, timeoutMs, messageId, last, lastOfSubject];
}

interface Ack {
  readonly stream: string;
  readonly sequence: number;
  readonly duplicate: boolean;
}

async function put(subject: string, options: Options = {}): Promise<Ack> {
  return (await bus.call('publishAcked', argumentsOf(subject, options), 'x')).value as Ack;
}

async function refusal(subject: string, options: Options = {}): Promise<string> {
  return (await bus.refused('publishAcked', argumentsOf(subject, options), 'x')).code;
}

test('An acknowledged message is in the stream, with its headers, at the sequence that is told', async () => {
  const { stream, sequence, duplicate } = await put('orders.first', { headers: '["X-A","ä"]' });
  assert.deepEqual([stream, duplicate], ['ORDERS', false]);
  const stored = await manager.streams.getMessage('ORDERS', { seq: sequence });
  assert.equal(stored?.subject, 'orders.first');
  assert.equal(stored?.header.get('X-A'), 'ä');
  assert.equal(stored?.header.get('Nats-Msg-Id'), '');
});

test('The same messageId a second time is stored once, and told as a duplicate', async () => {
  const first = await put('orders.twice', { messageId: 'id 1' });
  const second = await put('orders.twice', { messageId: 'id 1' });
  assert.deepEqual(second, { ...first, duplicate: true });
  assert.equal((await put('orders.twice', { messageId: 'id 2' })).sequence, first.sequence + 1);
});

test('A wrong expected sequence is a conflict and stores nothing; the right one is taken', async () => {
  const { sequence } = await put('orders.expected');
  assert.equal(await refusal('orders.expected', { last: sequence + 5 }), 'HS_PUBLISH_CONFLICT');
  assert.equal(await refusal('orders.expected', { lastOfSubject: 0 }), 'HS_PUBLISH_CONFLICT');
  const next = await put('orders.expected', { last: sequence, lastOfSubject: sequence });
  assert.equal(next.sequence, sequence + 1);
  assert.equal((await put('orders.never', { lastOfSubject: 0 })).sequence, sequence + 2);
});

test('A full stream and a message too large for one each have their own code', async () => {
  await manager.streams.add({
    name: 'SMALL',
    subjects: ['small.*'],
    max_msgs: 1,
    discard: DiscardPolicy.New,
    max_msg_size: 100,
  });
  const large = await bus.refused('publishAcked', argumentsOf('small.a'), 'x'.repeat(200));
  assert.equal(large.code, 'HS_MESSAGE_TOO_LARGE');
  await put('small.a');
  const full = await bus.refused('publishAcked', argumentsOf('small.b'), 'x');
  assert.equal(full.code, 'HS_PUBLISH_STREAM_FULL');
  assert.match(full.message, /publish to "small\.b".*maximum messages exceeded/);
});

test('Where no stream listens, nobody acknowledges, or something else answers, the code says so', async () => {
  assert.equal(await refusal('plain.nobody'), 'HS_PUBLISH_NO_STREAM');
  const silent = await listenTo(nc, 'plain.silent', () => undefined);
  assert.equal(await refusal('plain.silent', { timeoutMs: 30 }), 'HS_PUBLISH_TIMEOUT');
  const soon = callerOf({ deadlineMs: performance.now() + 30 });
  const ended = await bus.refused('publishAcked', argumentsOf('plain.silent'), '', soon);
  assert.equal(ended.code, 'HS_PUBLISH_TIMEOUT');
  const answers = ['', 'no', 'null', '[]', '{}', '{"stream":1,"seq":1}', '{"stream":"S","seq":"1"}'];
  const liar = await listenTo(nc, 'plain.liar', (message) => message.respond(answers.shift()));
  while (answers.length > 0) assert.equal(await refusal('plain.liar'), 'HS_PUBLISH_NO_STREAM');
  silent.unsubscribe();
  liar.unsubscribe();
});

test('An error that a stranger answers with is bounded, and of no code but those of streams', async () => {
  const errors: readonly (readonly [object, string])[] = [
    [{ err_code: 10071, description: 'x'.repeat(5_000) }, 'HS_PUBLISH_CONFLICT'],
    [{ err_code: 10077, description: 'disk failed' }, 'HS_MESSAGING_UNAVAILABLE'],
    [{ err_code: 'constructor', description: {} }, 'HS_MESSAGING_UNAVAILABLE'],
    [{}, 'HS_MESSAGING_UNAVAILABLE'],
  ];
  const answers = errors.map(([error]) => JSON.stringify({ error }));
  const liar = await listenTo(nc, 'plain.odd', (message) => message.respond(answers.shift()));
  for (const [, code] of errors) {
    const refused = await bus.refused('publishAcked', argumentsOf('plain.odd'));
    assert.equal(refused.code, code);
    assert.ok(refused.message.length < 500);
  }
  liar.unsubscribe();
});

test('Hostile options are refused, and nothing is stored', async () => {
  const before = (await manager.streams.info('ORDERS')).state.messages;
  const wrong: readonly Options[] = [
    ...[0, -1, null, 'soon'].map((timeoutMs) => ({ timeoutMs })),
    ...[5, null, 'a\r\nNats-Rollup: all', 'ä', ' a', 'x'.repeat(MESSAGING_LIMITS.messageIdChars + 1)].map(
      (messageId) => ({ messageId }),
    ),
    ...[-1, 1.5, null, '1', 2 ** 53].map((last) => ({ last })),
    ...[-1, 1.5, null, '1\r\nA: b'].map((lastOfSubject) => ({ lastOfSubject })),
  ];
  for (const options of wrong)
    assert.equal(await refusal('orders.h', options), 'HS_HOST_CALL_INVALID', JSON.stringify(options));
  for (const name of ['Nats-Msg-Id', 'nats-expected-stream', 'Nats-Rollup', 'Nats-TTL'])
    assert.equal(await refusal('orders.h', { headers: JSON.stringify([name, 'all']) }), 'HS_HEADER_INVALID');
  assert.equal(await refusal('asked.a'), 'HS_BINDING_DENIED');
  assert.equal(await refusal('$JS.API.STREAM.PURGE.ORDERS'), 'HS_BINDING_DENIED');
  assert.equal(await refusal('orders.*'), 'HS_SUBJECT_INVALID');
  assert.equal((await manager.streams.info('ORDERS')).state.messages, before);
});
